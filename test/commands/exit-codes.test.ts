// The exit code never depends on the format, and an error is one document with nothing beside it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Hostile, startHostile } from '../support/hostile-registry.js';
import { runCli } from '../support/run-cli.js';
import { inEveryFormat, OUTPUTS, openReplica, type Target } from '../support/targets.js';

const NOWHERE = 'http://127.0.0.1:9';

describe('exit codes', () => {
  let target: Target;
  let forbidding: Hostile;
  beforeAll(async () => {
    [{ target }, forbidding] = await Promise.all([openReplica(), startHostile('401')]);
  });
  afterAll(() => Promise.all([target.close(), forbidding.close()]));

  it.each([
    { exit: 1, code: 'SERVICE_NOT_FOUND', args: ['discover', 'nobody'] },
    { exit: 2, code: 'USAGE', args: ['list', '--no-such-flag'] },
    { exit: 2, code: 'INVALID_NAME', args: ['describe', 'a/b'] },
    {
      exit: 3,
      code: 'CONNECTION_REFUSED',
      args: ['list', '--registry', NOWHERE, '--retries', '0', '--api', 'config-service'],
    },
    {
      exit: 4,
      code: 'UNAUTHORIZED',
      args: () => ['list', '--registry', forbidding.url, '--api', 'config-service'],
    },
  ])('$exit, $code, in every format', async ({ exit, code, args }) => {
    const found = await inEveryFormat(target.run, typeof args === 'function' ? args() : args);
    expect(OUTPUTS.map((output) => found[output].code)).toEqual(OUTPUTS.map(() => exit));
    const document = JSON.parse(found.json.stdout);
    expect(document).toEqual({
      error: { code, message: expect.stringMatching(/.\.$/), hint: expect.stringMatching(/.\.$/), exit },
    });
    expect(found.json.stdout).toBe(`${JSON.stringify(document)}\n`);
    expect(found.ndjson.stdout).toBe(found.json.stdout);
    expect(parse(found.yaml.stdout)).toEqual(document);
    for (const output of ['table', 'wide', 'name'] as const) {
      const { stdout, stderr } = found[output];
      expect(stdout).toBe('');
      expect(stderr).toBe(`Error: ${document.error.message}\n${document.error.hint}\n`);
    }
  });

  it('0 in every format', async () => {
    const found = await inEveryFormat(target.run, ['list']);
    for (const output of OUTPUTS) expect(found[output]).toMatchObject({ code: 0, stderr: '' });
  });

  it('--json is -o json, wherever it stands, also for what cannot be parsed', async () => {
    const results = await Promise.all([
      runCli(['--json', 'list', '--nope']),
      runCli(['list', '--json', '--nope', 'x']),
      runCli(['nonsense', '--json']),
      runCli(['list', '--output=json', '--timeout', 'soon']),
      runCli(['list', '-ojson', '--retries', 'many']),
    ]);
    for (const { code, stdout, stderr } of results) {
      expect({ code, stderr, keys: Object.keys(JSON.parse(stdout)) }).toEqual({
        code: 2,
        stderr: '',
        keys: ['error'],
      });
    }
  });
});
