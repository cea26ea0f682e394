// Runs the real CLI on a pseudo-terminal, by script(1) of util-linux, and types at it.
import { spawn, spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { type CliOptions, CODE_CACHE, ENTRY, emptyFolder } from './run-cli.js';

/** False where there is no script(1) that takes a command and passes its exit code on (macOS, Windows). */
export const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null'], { input: '' }).status === 0;

export interface Terminal {
  /** All that was written, with its escape sequences. */
  raw(): string;
  /** All that was written, without them. */
  screen(): string;
  /** Resolves when the screen shows `text`; rejects when the process ends before. */
  until(text: string | RegExp): Promise<void>;
  type(keys: string): void;
  /** The exit code. */
  done: Promise<number | null>;
}

export const KEYS = { down: '\u001b[B', enter: '\r', ctrlC: '\u0003' } as const;

/** Starts the CLI on a terminal of so many columns. */
export function startInTerminal(
  args: readonly string[],
  { env = {}, columns = 80, redirect = '' }: CliOptions & { columns?: number; redirect?: string } = {},
): Terminal {
  const quoted = [process.execPath, ENTRY, ...args]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(' ');
  const home = emptyFolder();
  const child = spawn(
    'script',
    ['-qec', `stty cols ${columns} rows 30; exec ${quoted} ${redirect}`, '/dev/null'],
    {
      cwd: home,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: home,
        ...CODE_CACHE,
        TERM: 'xterm',
        SHELL: '/bin/sh',
        ...env,
      },
    },
  );
  let raw = '';
  let ended = false;
  const watchers = new Set<() => void>();
  const tell = () => {
    for (const watch of watchers) watch();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    raw += text;
    tell();
  });
  child.stdin.on('error', () => undefined);
  const screen = () => stripVTControlCharacters(raw).replaceAll('\r\n', '\n');
  return {
    raw: () => raw,
    screen,
    type: (keys) => void child.stdin.write(keys),
    until: (text) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          const found = typeof text === 'string' ? screen().includes(text) : text.test(screen());
          if (!found && !ended) return;
          watchers.delete(watch);
          if (found) resolve();
          else reject(new Error(`regctl ended before showing ${String(text)}:\n${screen()}`));
        };
        watchers.add(watch);
        watch();
      }),
    done: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        ended = true;
        tell();
        resolve(code);
      });
    }),
  };
}
