import { resolve } from 'node:path';
import { fail } from '../errors.js';
import { readTextFile } from '../inputs.js';
import { CONFIG_SERVICE_PATHS } from '../registry-client/config-service.js';
import { COORDINATOR_PATHS } from '../registry-client/coordinator.js';
import type { RegistryContext } from '../settings.js';

export interface ContextFields {
  registry?: string | undefined;
  api?: RegistryContext['api'] | undefined;
  'service-id'?: number | undefined;
  'secret-file'?: string | undefined;
  'secret-command'?: string[] | undefined;
  /** Milliseconds. */
  timeout?: number | undefined;
  'ca-file'?: string | undefined;
  'cert-file'?: string | undefined;
  'key-file'?: string | undefined;
  path?: string[] | undefined;
  'header-file'?: string | undefined;
}

/** The fields of a context as its file holds them: paths absolute, times in seconds. Throws USAGE. */
export async function parseContext(fields: ContextFields): Promise<RegistryContext> {
  const given = <K extends string, T>(key: K, value: T | undefined) =>
    (value === undefined ? {} : { [key]: value }) as { [P in K]?: T };
  const file = (path: string | undefined) => (path === undefined ? undefined : resolve(path));
  return {
    ...given('registry', fields.registry),
    ...given('api', fields.api),
    ...given('service_id', fields['service-id']),
    ...given('secret_file', file(fields['secret-file'])),
    ...given('secret_command', fields['secret-command']),
    ...given('timeout', fields.timeout === undefined ? undefined : fields.timeout / 1000),
    ...given('ca_file', file(fields['ca-file'])),
    ...given('cert_file', file(fields['cert-file'])),
    ...given('key_file', file(fields['key-file'])),
    ...given('paths', fields.path === undefined ? undefined : parsePaths(fields.path)),
    ...given(
      'headers',
      fields['header-file'] === undefined ? undefined : await readHeaders(fields['header-file']),
    ),
  };
}

function parsePaths(pairs: readonly string[]): Record<string, string> {
  const calls = [...new Set([...Object.keys(CONFIG_SERVICE_PATHS), ...Object.keys(COORDINATOR_PATHS)])];
  return Object.fromEntries(
    pairs.map((pair) => {
      const [call = '', path = ''] = pair.split(/=(.*)/s);
      if (calls.includes(call) && /^\/[\x21-\x7e]*$/.test(path)) return [call, path];
      throw fail('USAGE', {
        what: `--path ${pair} is refused:`,
        why: `it must be CALL=/PATH, CALL one of ${calls.join(', ')}.`,
        next: 'In a path, {service} stands for the name of a service.',
      });
    }),
  );
}

/** Headers come from a file, not an argument, since one of them may be a key. */
async function readHeaders(path: string): Promise<Record<string, string>> {
  const refuse = (what: string) =>
    fail('USAGE', { what, why: '', next: 'Write a header a line: X-Registry-Key: value.' });
  const text = await readTextFile(path, 'The header file');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line, index) => {
      const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*([\t\x20-\x7e]*?)\s*$/.exec(line);
      if (match === null) throw refuse(`Line ${index + 1} of ${path} is no header.`);
      return [match[1], match[2]];
    }),
  );
}
