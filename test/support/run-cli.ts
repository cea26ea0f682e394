// Runs the real CLI as a process of its own, in an empty folder and with nothing of this environment's settings.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the package installs as regctl. */
export const ENTRY = fileURLToPath(new URL('../../dist/start.cjs', import.meta.url));

// Where `npm run test:coverage` collects what the processes covered.
export const COVERAGE: Record<string, string> =
  process.env.NODE_V8_COVERAGE === undefined ? {} : { NODE_V8_COVERAGE: process.env.NODE_V8_COVERAGE };

/** One for all processes of a run: compiling what they run takes longer than running it. */
export const CODE_CACHE: Record<string, string> = { XDG_CACHE_HOME: join(tmpdir(), 'cache') };

export interface CliOptions {
  /** Added to an environment of PATH and a fresh HOME alone. */
  env?: Record<string, string>;
  /** Default: a fresh, empty folder. */
  cwd?: string;
  /** Written to standard input, which is then closed. Default: nothing. */
  input?: string;
}

export interface CliResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunningCli {
  child: ChildProcess;
  /** What was printed so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves when stdout or stderr contains `text` (or matches); rejects when the process ends before. */
  until(text: string | RegExp): Promise<string>;
  done: Promise<CliResult>;
}

/** A fresh, empty folder. */
export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 'regctl-test-'));
}

/** Starts the CLI. */
export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const home = emptyFolder();
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd: options.cwd ?? home,
    env: { PATH: process.env.PATH ?? '', HOME: home, ...CODE_CACHE, ...COVERAGE, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  const note = () => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    note();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    note();
  });
  // A CLI that does not read its input may be gone before it is written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const done = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      rmSync(home, { recursive: true, force: true });
      resolve({ code, signal, stdout, stderr });
      note();
    });
  });
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    done,
    until: (text) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          const all = `${stdout}\n${stderr}`;
          const found = typeof text === 'string' ? all.includes(text) : text.test(all);
          if (found) resolve(all);
          else if (child.exitCode === null && child.signalCode === null) return;
          else reject(new Error(`regctl ended before printing ${String(text)}:\n${all}`));
          watchers.delete(watch);
        };
        watchers.add(watch);
        watch();
      }),
  };
}

/** Runs the CLI to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).done;
}
