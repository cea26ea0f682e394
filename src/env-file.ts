// `.env` of the working folder. Node passes over what it cannot read; what was meant for regctl must not vanish like that.
import { parseEnv } from 'node:util';
import { fail } from './errors.js';
import { VARIABLES } from './settings.js';

const OURS = new RegExp(`^\\s*(?:export\\s+)?(${VARIABLES.join('|')})(?![\\w.-])`);

/** The variables in the text of an `.env` at `path`. Throws INVALID_SETTING naming the line that is malformed. */
export function parseEnvFile(text: string, path: string): Record<string, string | undefined> {
  if (text.includes('\0'))
    throw malformed('.env', path, 'is not UTF-8 text; Windows may have written UTF-16');
  const plain = text.replace(/^\ufeff/, '');
  const values = parseEnv(plain) as Record<string, string | undefined>;
  for (const [index, line] of plain.split('\n').entries()) {
    const name = OURS.exec(line)?.[1];
    if (name === undefined || (Object.hasOwn(values, name) && !/^["'`]/.test(values[name] ?? ''))) continue;
    const problem = /^[^=]*=\s*["'`]/.test(line)
      ? 'has a quotation mark that is not closed'
      : 'is not of the form NAME=value, or the line before is not';
    throw malformed(name, `line ${index + 1} of ${path}`, problem);
  }
  return values;
}

function malformed(setting: string, origin: string, problem: string) {
  const next = 'Write a setting a line: CONFIG_SERVICE_URL=http://config-service:8082.';
  return fail('INVALID_SETTING', { setting, origin, problem, next });
}
