// What a certificate nobody vouches for needs to work; without it, see rows/connection.ts.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Hostile, startHostile } from '../support/hostile-registry.js';
import { emptyFolder, runCli } from '../support/run-cli.js';

let registry: Hostile;
beforeAll(async () => {
  registry = await startHostile('self-signed');
});
afterAll(() => registry.close());

const LISTED = { code: 0, stdout: 'asr-service\n', stderr: '' };

it('--ca-file makes a self-signed registry work', async () => {
  const { url, caFile = '' } = registry;
  expect(await runCli(['list', '--registry', url, '--ca-file', caFile, '-o', 'name'])).toMatchObject(LISTED);
});

it('so does the ca_file of a context', async () => {
  const { url, caFile = '' } = registry;
  const env = { HOME: emptyFolder() };
  const saved = await runCli(['context', 'set', 'prod', '--registry', url, '--ca-file', caFile], { env });
  expect(saved.code).toBe(0);
  expect(await runCli(['list', '-o', 'name'], { env })).toMatchObject(LISTED);
});
