// Registries in processes of their own, to be killed, stopped and lied to.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Target } from './client.js';
import { COMPILED } from './compile.js';
import type { KillPoint, Order, ProcessOptions } from './registry-process.js';

export interface RegistryProcess extends Target {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it logged, a line each. */
  readonly log: readonly string[];
  readonly isRunning: boolean;
  /** How it ended without having been told to, undefined where it did not. */
  readonly crash: string | undefined;
  kill(): Promise<void>;
  /** SIGSTOP; resolves when it stands still. */
  stop(): Promise<void>;
  /** SIGCONT. */
  go(): void;
  /** SIGTERM; resolves with the exit code and the milliseconds it took. */
  terminate(): Promise<{ code: number | null; milliseconds: number }>;
  /** Its wall clock is so far off from now on. */
  setWall(offsetMs: number): void;
  /** It kills itself at this point of the next commit; resolves when it is gone. */
  killAt(point: KillPoint): Promise<void>;
}

/** Resolves when it answers; rejects with its log where it does not start. */
export async function startProcess(name: string, options: ProcessOptions): Promise<RegistryProcess> {
  const child = fork(COMPILED, [], {
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  const log: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log.push(...text.split('\n').filter((line) => line !== ''));
  });
  // It may be killed while an order is on its way.
  child.on('error', () => undefined);
  const send = (order: Order) => void child.send(order, () => undefined);
  const gone = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  gone.catch(() => undefined);
  send({ order: 'start', options });
  const [{ url }] = (await Promise.race([
    once(child, 'message'),
    gone.then(([code]) => Promise.reject(new Error(`the registry ended with ${code}: ${log.join('\n')}`))),
  ])) as [{ url: string }];
  const pid = child.pid ?? 0;
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  let isToEnd = false;
  const endBy = (signal: NodeJS.Signals): void => {
    isToEnd = true;
    child.kill(signal);
  };
  const requireSignal = async (wanted: NodeJS.Signals): Promise<void> => {
    const [code, signal] = await gone;
    if (signal !== wanted)
      throw new Error(`${name} was to end by ${wanted}, and ended with ${signal ?? code}`);
  };
  return {
    name,
    url,
    pid,
    child,
    log,
    get isRunning() {
      return isRunning();
    },
    get crash() {
      if (isRunning() || isToEnd) return undefined;
      return `${name} ended by itself (${child.exitCode ?? child.signalCode}):\n${log.slice(-20).join('\n')}`;
    },
    async kill() {
      endBy('SIGKILL');
      await requireSignal('SIGKILL');
    },
    async stop() {
      child.kill('SIGSTOP');
      while ((await stateOf(pid)) !== 'T') await new Promise((resolve) => setTimeout(resolve, 5));
    },
    go: () => void child.kill('SIGCONT'),
    async terminate() {
      const began = performance.now();
      endBy('SIGTERM');
      const late = setTimeout(() => endBy('SIGKILL'), 20_000);
      const [code] = await gone;
      clearTimeout(late);
      return { code, milliseconds: performance.now() - began };
    },
    setWall: (offsetMs) => send({ order: 'wall', offsetMs }),
    async killAt(point) {
      isToEnd = true;
      send({ order: 'kill', point });
      await requireSignal('SIGKILL');
    },
  };
}

/** `T` is stopped (proc(5)). */
async function stateOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}
