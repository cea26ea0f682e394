// Runs the operator's command with a script on its standard input, and lets nothing of it outlive the run.
import { type ChildProcess, spawn } from 'node:child_process';

/** Of each stream; what the script has to say is a tenth of it. */
export const MAX_OUTPUT_BYTES = 64 * 1024;

export type Ran =
  | { kind: 'ended'; code: number | null; signal: string | null; stdout: string; stderr: string }
  | { kind: 'timed-out' | 'too-much'; stderr: string }
  /** The shell itself could not be started. */
  | { kind: 'failed'; cause: string };

/** For what is still on its way when the command has ended. */
const DRAIN_MS = 500;

interface Options {
  folder: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * Runs `command` by the shell, as git does with GIT_SSH_COMMAND: the operator wrote it in one, and quotes and variables
 * mean in it what they mean there. Nothing from the network is ever part of it.
 * The process group is killed at the deadline, on abort, and where it says too much. Rejects on abort.
 */
export function run(command: string, input: string, { folder, timeoutMs, signal }: Options): Promise<Ran> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const child = spawn(command, { shell: true, detached: true, cwd: folder, windowsHide: true });
    const output = { stdout: '', stderr: '' };
    const bytes = { stdout: 0, stderr: 0 };
    let draining: NodeJS.Timeout | undefined;
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      clearTimeout(draining);
      child.off('exit', onExit);
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const stop = (finish: () => void) => {
      killGroup(child);
      settle(finish);
    };
    const onAbort = () => stop(() => reject(signal.reason));
    const end = (kind: 'timed-out' | 'too-much') => stop(() => resolve({ kind, stderr: output.stderr }));
    const timer = setTimeout(end, timeoutMs, 'timed-out');
    signal.addEventListener('abort', onAbort, { once: true });
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        bytes[name] += Buffer.byteLength(text);
        if (bytes[name] > MAX_OUTPUT_BYTES) end('too-much');
        else output[name] += text;
      });
    }
    child.on('error', (error) => settle(() => resolve({ kind: 'failed', cause: error.message })));
    const ended = (code: number | null, by: string | null) =>
      resolve({ kind: 'ended', code, signal: by, ...output });
    child.on('close', (code, by) => settle(() => ended(code, by)));
    // What it left in the background may keep its output open, as a shared connection of ssh does.
    const onExit = (code: number | null, by: string | null) => {
      draining = setTimeout(() => stop(() => ended(code, by)), DRAIN_MS);
    };
    child.on('exit', onExit);
    // A command that ends without reading (EPIPE) is told by its exit code.
    child.stdin.on('error', () => undefined).end(input);
  });
}

/** Kills the child and all it started. */
function killGroup(child: ChildProcess): void {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // No such group: all have ended, or this is Windows, which has none.
    child.kill('SIGKILL');
  }
}
