// Python as Debian installs it, for the guides' own code: each program in a folder of its own, in an environment of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emptyFolder } from '../support/run-cli.js';

const PYTHON = '/usr/bin/python3';
const OURS = fileURLToPath(new URL('python', import.meta.url));

const PACKAGES = {
  httpx: 'python3-httpx',
  fastapi: 'python3-fastapi',
  uvicorn: 'python3-uvicorn',
  jwt: 'python3-jwt',
};

/** The Debian packages that are missing. */
export function missingPython(): string[] {
  if (!existsSync(PYTHON)) return ['python3'];
  const look = 'import sys, importlib.util as u; print(*[m for m in sys.argv[1:] if u.find_spec(m) is None])';
  const missing = execFileSync(PYTHON, ['-I', '-c', look, ...Object.keys(PACKAGES)], { encoding: 'utf8' });
  return Object.entries(PACKAGES).flatMap(([module, name]) =>
    missing.split(/\s+/).includes(module) ? [name] : [],
  );
}

export interface Program {
  /** Run first: a file of the folder `python`. */
  readonly main: string;
  readonly args?: readonly string[];
  /** Files beside it: from the guides, with their code. */
  readonly files: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Running {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** The first line of its output; rejects with what it said where it ends before. */
  readonly firstLine: Promise<string>;
  /** Resolves with the exit code once it has ended and all it printed is read. */
  readonly done: Promise<number | null>;
}

/** Starts a program in a new folder, with nothing of this environment but its path. */
export function startPython({ main, args = [], files, env = {} }: Program): Running {
  const folder = emptyFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  for (const name of [main, 'pydantic_settings.py']) copyFileSync(join(OURS, name), join(folder, name));
  const child = spawn(PYTHON, ['-B', basename(main), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, PYTHONUNBUFFERED: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const done = once(child, 'close').then(([code]: (number | null)[]) => code ?? null);
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const [line = '', ...more] = stdout.split('\n');
      if (more.length > 0) resolve(line);
    });
    void done.then((code) => reject(new Error(`${main} ended with ${code}:\n${stderr}`)));
  });
  firstLine.catch(() => undefined);
  return { child, stdout: () => stdout, stderr: () => stderr, firstLine, done };
}

/** Runs a program to its end and answers the JSON it printed. Rejects with what it said where it failed. */
export async function runPython<T>(program: Program): Promise<{ said: T; stderr: string }> {
  const { done, stdout, stderr } = startPython(program);
  const code = await done;
  if (code !== 0) throw new Error(`${program.main} ended with ${code}:\n${stderr()}`);
  return { said: JSON.parse(stdout()) as T, stderr: stderr() };
}
