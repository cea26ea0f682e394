// regctl as a process of its own, and what it took.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The command's entry. */
export const REGCTL = fileURLToPath(new URL('../dist/start.cjs', import.meta.url));

// Says at the end what the process took.
const USAGE = `import { writeSync } from 'node:fs';
process.on('exit', () => writeSync(3, JSON.stringify(process.resourceUsage())));`;

export interface Measured {
  /** From the start of the process to its end. */
  ms: number;
  /** Of all its threads: what it worked rather than waited, for itself or for other processes of the machine. */
  cpuMs: number;
  /** The most memory the process ever had resident. */
  peakMiB: number;
  exit: number | null;
  stderr: string;
}

/** Runs regctl with nothing of this environment but PATH; what it prints is read and dropped. */
export async function measured(
  args: readonly string[],
  env: Record<string, string>,
  cwd: string,
): Promise<Measured> {
  const preload = `data:text/javascript,${encodeURIComponent(USAGE)}`;
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', preload, REGCTL, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, usage] = child.stdio;
  (stdout as Readable).resume();
  const [used, said, ended] = await Promise.all([
    text(usage as Readable),
    text(stderr as Readable),
    once(child, 'exit').then(([exit]: (number | null)[]) => ({ exit: exit ?? null, at: performance.now() })),
  ]);
  // Times in microseconds, memory in KiB.
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(used) as NodeJS.ResourceUsage;
  return {
    ms: ended.at - started,
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    peakMiB: maxRSS / 1024,
    exit: ended.exit,
    stderr: said,
  };
}
