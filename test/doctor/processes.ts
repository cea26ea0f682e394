// A deployment in which everything is a process of its own: `regctl serve`, a sample service, the doctor.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../src/doctor/result.js';
import { COVERAGE, emptyFolder, type RunningCli, runCli, startCli } from '../support/run-cli.js';
import { eventually } from '../support/start-registry.js';
import { SECRET } from '../support/targets.js';

const SAMPLE = fileURLToPath(new URL('../../dist/sample.cjs', import.meta.url));

export const SERVICE = 'asr-service';

export interface Processes {
  readonly registry: RunningCli;
  readonly service: ChildProcess;
  /** The environment of the service, which the doctor runs in too. */
  readonly env: Record<string, string>;
  /** What the service wrote since it started. */
  readonly logFile: string;
  /** Runs the doctor to its end; answers its report. */
  doctor(args?: readonly string[]): Promise<Report>;
  close(): Promise<void>;
}

export interface ProcessOptions {
  /** Changes of the environment that the service alone runs in. */
  service?: Record<string, string> | undefined;
}

/** The first heartbeat goes out right after the service is up. */
async function beaten(registry: string): Promise<void> {
  const look = async () =>
    (await fetch(`${registry}/api/v1/registry/services/${SERVICE}`)).json() as Promise<
      { last_heartbeat?: string }[]
    >;
  await eventually(look, ([instance]) => typeof instance?.last_heartbeat === 'string');
}

export async function startProcesses({ service: changes }: ProcessOptions): Promise<Processes> {
  const serve = ['serve', '--port', '0', '--memory', '--auth', 'jwt', '--log-level', 'silent', '-o', 'json'];
  // So that the service beats every 3 s, and the doctor sees the next one soon.
  const registry = startCli([...serve, '--down-after', '9s'], { env: { JWT_SECRET: SECRET } });
  const { url } = JSON.parse(await registry.until(/"url":"[^"]+".*\n/));
  const env: Record<string, string> = {
    REGISTRY_URL: url,
    JWT_SECRET: SECRET,
    SERVICE_ID: '42',
    SERVICE_NAME: SERVICE,
    SERVICE_HOST: '127.0.0.1',
  };
  const folder = emptyFolder();
  const logFile = join(folder, 'start.log');
  const service = fork(SAMPLE, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...COVERAGE, ...env, CONFIG_SERVICE_URL: url, SERVICE_PORT: '0', ...changes },
  });
  const log = createWriteStream(logFile);
  service.stdout?.pipe(log);
  const [ready] = await Promise.race([
    once(service, 'message'),
    once(service, 'exit').then(([code]) => Promise.reject(new Error(`the service ended with ${code}`))),
  ]);
  env.SERVICE_PORT = new URL(ready.url).port;
  if (changes === undefined) await beaten(url);
  return {
    registry,
    service,
    env,
    logFile,
    async doctor(args = []) {
      const { stdout } = await runCli(['doctor', '-o', 'json', ...args], { env });
      return JSON.parse(stdout);
    },
    async close() {
      for (const child of [service, registry.child]) child.kill('SIGKILL');
      await Promise.all([registry.done, service.exitCode ?? service.signalCode ?? once(service, 'exit')]);
    },
  };
}
