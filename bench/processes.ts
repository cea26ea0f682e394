// Whole processes, from their start to their end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { median } from './benchmark.js';

export interface Program {
  /** With its arguments. */
  command: readonly [string, ...string[]];
  env?: Record<string, string>;
}

/** Milliseconds that a program took; what it prints is read and dropped. Rejects where it does not end with 0. */
async function time({ command: [file, ...args], env }: Program): Promise<number> {
  const started = performance.now();
  const child = spawn(file, args, {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.resume();
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}`);
  return performance.now() - started;
}

/** The medians of programs that take turns, in milliseconds; each is run twice before, so that caches are warm. */
export async function compare(programs: readonly Program[], rounds: number): Promise<number[]> {
  const times: number[][] = programs.map(() => []);
  for (const program of programs) for (let warm = 0; warm < 2; warm += 1) await time(program);
  for (let round = 0; round < rounds; round += 1)
    for (const [index, program] of programs.entries()) times[index]?.push(await time(program));
  return times.map(median);
}

/** The most memory that a program ever had resident, in MiB. */
export async function peakMiB({ command: [file, ...args], env }: Program): Promise<number> {
  const child = spawn(file, ['--import', REPORT_PEAK, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const [, stdout, , report] = child.stdio;
  (stdout as Readable).resume();
  // In KiB.
  return Number(await text(report as Readable)) / 1024;
}

const REPORT_PEAK = `data:text/javascript,${encodeURIComponent(`import { writeSync } from 'node:fs';
process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));`)}`;
