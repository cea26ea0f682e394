// A server as a process of its own in a temporary folder, and what it uses.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** A temporary folder, which goes with what is in it. */
export interface Folder extends AsyncDisposable {
  readonly path: string;
}

export async function newFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'regctl-bench-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Killed, with nothing left of it, where its scope ends. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  /** From its start until it answered. */
  readonly startMs: number;
  /** Of all its threads, so far. */
  cpuMs(): number;
  /** Resident at the moment, and the most that ever was. */
  memory(): { bytes: number; peakBytes: number };
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Where it answers, if that is known before; else its first line on stdout is JSON with its `url`. */
  readonly url?: string;
  /** Answered with 200 once it serves. */
  readonly readyPath?: string;
}

const START_MS = 120_000;

/** Starts it, with nothing of this environment but PATH, and resolves when it answers. */
export async function startServer({ program, args, url, readyPath }: Command): Promise<Server> {
  const folder = await newFolder();
  const log = join(folder.path, 'log');
  // A log goes to a file, as that of a service does; nobody here has to read it meanwhile.
  const descriptor = openSync(log, 'w');
  const started = performance.now();
  const child = spawn(program, args, {
    cwd: folder.path,
    env: { PATH: process.env.PATH ?? '', HOME: folder.path },
    stdio: ['ignore', url === undefined ? 'pipe' : descriptor, descriptor],
  });
  closeSync(descriptor);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const late = setTimeout(kill, START_MS);
  const stop = async () => {
    clearTimeout(late);
    process.off('exit', kill);
    if (isRunning(child)) {
      const gone = once(child, 'exit');
      kill();
      await gone;
    }
    await folder[Symbol.asyncDispose]();
  };
  try {
    await once(child, 'spawn');
    const at = url ?? (await urlOf(child));
    if (readyPath !== undefined) await untilReady(at + readyPath, child);
    const startMs = performance.now() - started;
    clearTimeout(late);
    const usage = `/proc/${child.pid}`;
    return {
      url: at,
      startMs,
      cpuMs: () => cpuMsOf(usage),
      memory: () => memoryOf(usage),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    const said = readFileSync(log, 'utf8');
    await stop();
    throw new Error(`${program} did not start:\n${said}`, { cause: error });
  }
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

async function urlOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface(child.stdout as Readable)) {
    return (JSON.parse(line) as { url: string }).url;
  }
  throw new Error('it ended');
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (; isRunning(child); await delay(10)) {
    const status = await statusOf(url).catch(() => undefined);
    if (status === 200) return;
  }
  throw new Error(`${url} is not there`);
}

async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  return answer.status;
}

/** Of a tick of proc(5)'s times: USER_HZ is 100 on every Linux that Node runs on. */
const MS_PER_TICK = 10;

function cpuMsOf(folder: string): number {
  // The name of the program, in parentheses, may hold anything; utime and stime are the 12th and 13th after it.
  const [, rest = ''] = /\) (.*)$/s.exec(readFileSync(`${folder}/stat`, 'utf8')) ?? [];
  const fields = rest.split(' ').map(Number);
  return ((fields[11] ?? 0) + (fields[12] ?? 0)) * MS_PER_TICK;
}

function memoryOf(folder: string): { bytes: number; peakBytes: number } {
  const status = readFileSync(`${folder}/status`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  return { bytes: kib('VmRSS') * 1024, peakBytes: kib('VmHWM') * 1024 };
}
