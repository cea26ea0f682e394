// Runs a command line that must fail, and reads the error from whatever format it came in.
import { expect } from 'vitest';
import { parse } from 'yaml';
import type { CliResult } from '../../support/run-cli.js';

export const FORMATS = ['json', 'table', 'yaml', 'wide', 'ndjson', 'name'] as const;
export type Format = (typeof FORMATS)[number];

const DOCUMENTS: readonly Format[] = ['json', 'yaml', 'ndjson'];

/** Everything a terminal obeys, new lines apart. */
export const CONTROLS =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
const STACK = /^\s+at .+[:(]|node:internal|\[object |undefined|NaN/m;

export interface Told {
  exit: number | null;
  message: string;
  hint: string;
  /** Undefined in the formats for people, which do not show it. */
  code?: string;
}

/**
 * What a failed run tells. Asserts the contract on the way: with json, yaml and ndjson one document on stdout and nothing
 * else, with the others nothing on stdout; the document's exit is the process's; nothing steers the terminal, no stack.
 */
export function told(result: CliResult, format: Format): Told {
  expect(result.signal, 'it ended by itself').toBeNull();
  // First, so that a run that did not fail is not searched for its error at length.
  expect(result.code, 'it failed').not.toBe(0);
  expect(result.stdout.length + result.stderr.length, 'an error is short').toBeLessThan(20_000);
  expect(result.stdout + result.stderr).not.toMatch(CONTROLS);
  expect(result.stdout + result.stderr).not.toMatch(STACK);
  if (!DOCUMENTS.includes(format)) {
    expect(result.stdout).toBe('');
    const [, message = '', hint = ''] = /(?:^|\n)Error: (.*)\n(.*)\n$/.exec(result.stderr) ?? [];
    expect(message, `no error in:\n${result.stderr}`).not.toBe('');
    return { exit: result.code, message, hint };
  }
  const document = documentOf(result.stdout, format);
  expect(Object.keys(document)).toEqual(['error']);
  const { error } = document;
  expect(Object.keys(error)).toEqual(['code', 'message', 'hint', 'exit']);
  expect(error.exit).toBe(result.code);
  expect(result.stderr).not.toContain('Error: ');
  return { exit: result.code, code: error.code, message: error.message, hint: error.hint };
}

interface ErrorDocument {
  error: { code: string; message: string; hint: string; exit: number };
}

function documentOf(stdout: string, format: Format): ErrorDocument {
  if (format === 'yaml') return parse(stdout);
  expect(stdout, 'one document in one line').toMatch(/^\{.*\}\n$/);
  return JSON.parse(stdout);
}

/** A sentence or two, whole, that fit on a screen. */
export function expectClear({ message, hint }: Told): void {
  for (const text of [message, hint]) {
    expect(text).toMatch(/^\S.*\.$/);
    expect(text).not.toMatch(/\.\.$|\.\s*\.$| {2}/);
    expect(text.length).toBeLessThan(700);
  }
}
