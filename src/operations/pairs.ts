import { fail } from '../errors.js';

/**
 * `k=v` pairs as an object: `k=v` is a text, `k:=v` is JSON, as in HTTPie. Throws USAGE naming `flag`.
 */
export function parsePairs(pairs: readonly string[], flag: string): Record<string, unknown> {
  const entries = pairs.map((pair): [string, unknown] => {
    const match = /^([^=:]+)(:?=)(.*)$/s.exec(pair);
    const [, key = '', sign, value = ''] = match ?? [];
    if (match === null) throw malformed(flag, 'is not of the form key=value');
    if (sign === '=') return [key, value];
    try {
      return [key, JSON.parse(value)];
    } catch {
      throw malformed(flag, `has ${key}:= before something that is not JSON`);
    }
  });
  return Object.fromEntries(entries);
}

/** A JSON object from a text. Throws USAGE naming `what`. */
export function parseObject(text: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw noObject(what, `is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw noObject(what, 'is JSON, but not an object');
}

function noObject(what: string, problem: string) {
  return fail('USAGE', {
    what: `${what} ${problem}.`,
    why: '',
    next: 'Give a JSON object: {"key": "value"}.',
  });
}

function malformed(what: string, problem: string) {
  return fail('USAGE', {
    what: `${what} ${problem}.`,
    why: '',
    next: 'Write key=value for a text, key:=JSON for a number, true, false, a list or an object.',
  });
}
