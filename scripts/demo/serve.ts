// `regctl serve --samples` as a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const REGCTL = new URL('../../dist/start.cjs', import.meta.url).pathname;

/** What `regctl serve --json` says once it listens. */
interface Serving {
  url: string;
  samples: { name: string; service_id: number; instance_id: string; url: string }[];
  secret_file: string;
}

export interface Stage extends Serving {
  /** Log of the registry and of both services. */
  log: string;
  /** Rejects where it ends before it is told to. */
  lost: Promise<never>;
  end(): Promise<void>;
}

const END_PATIENCE_MS = 15_000;

/**
 * What it is started with; `--port 0` and the samples take free ports. They beat three times before they count as down:
 * every 5 s, so that the doctor, who waits for the next one, has it soon.
 */
export function serveCommand(folder: string): string[] {
  const often = ['--down-after', '15s'];
  return ['serve', '--samples', '--port', '0', '--data-dir', join(folder, 'data'), ...often, '--json'];
}

/** Starts it and resolves once registry and services are up. Rejects with its log where it fails. */
export async function serveSamples(
  folder: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Stage> {
  const log = join(folder, 'serve.log');
  // A group of its own: ctrl-C at the terminal goes to the demo, which ends things in order.
  const child = spawn(process.execPath, [REGCTL, ...serveCommand(folder)], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', openSync(log, 'a')],
    detached: true,
  });
  let ending = false;
  const end = async () => {
    ending = true;
    await endProcess(child);
  };
  const lost = once(child, 'exit').then(([code, killed]) => {
    if (ending) return new Promise<never>(() => undefined);
    throw new Error(`regctl serve ended (${killed ?? `exit code ${code}`}):\n${readFileSync(log, 'utf8')}`);
  });
  // Whoever waits for something else meanwhile hears of it with the next wait.
  lost.catch(() => undefined);
  try {
    if (child.stdout === null) throw new Error('regctl serve has no output');
    const line = once(createInterface(child.stdout), 'line', { signal });
    const [text] = (await Promise.race([line, lost])) as [string];
    return { ...(JSON.parse(text) as Serving), log, lost, end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const kill = setTimeout(() => child.kill('SIGKILL'), END_PATIENCE_MS);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(kill);
}
