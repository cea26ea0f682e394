// What came of each row: a file each, so that rows may run side by side; docs/faults.md is made of them.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Fault } from './fault.js';

export interface Result extends Pick<Fault, 'name' | 'mode' | 'promise'> {
  /** What was seen; null where the row failed or could not be tried. */
  readonly seen: string | null;
  readonly seconds: number;
}

const FOLDER = fileURLToPath(new URL('results/', import.meta.url));

const fileOf = (name: string): string =>
  join(FOLDER, `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.json`);

export function writeResult(result: Result): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(fileOf(result.name), `${JSON.stringify(result, null, 2)}\n`);
}

/** Of the latest run of each row. */
export function readResults(): Map<string, Result> {
  mkdirSync(FOLDER, { recursive: true });
  const files = readdirSync(FOLDER);
  const results = files.map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Result);
  return new Map(results.map((result) => [result.name, result]));
}

export function forgetResults(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}
