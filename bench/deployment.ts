// A deployment to measure against, in a process of its own: a registry, and services that answer after a fixed time.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('deployment-process.ts', import.meta.url));

export interface DeploymentSize {
  services: number;
  /** Milliseconds from the arrival of a request to its answer, of the registry and of every service. */
  latencyMs: number;
}

export interface Deployment {
  /** Of the registry. */
  url: string;
  /** Requests of regctl that arrived since this was last asked. */
  requests(): Promise<number>;
  close(): Promise<void>;
}

/** Starts it; resolves when every service is registered and healthy. */
export async function startDeployment(size: DeploymentSize): Promise<Deployment> {
  const child = fork(SCRIPT, [JSON.stringify(size)], { execArgv: ['--import', 'tsx'] });
  const lost = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`the deployment ended: ${code}`)),
  );
  // Whoever waits for a message hears of it.
  lost.catch(() => undefined);
  const message = async <T>() => (await Promise.race([once(child, 'message'), lost]))[0] as T;
  const url = await message<string>();
  return {
    url,
    async requests() {
      child.send('count');
      return message<number>();
    },
    async close() {
      child.kill();
      await lost.catch(() => undefined);
    },
  };
}
