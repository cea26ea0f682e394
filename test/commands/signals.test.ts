// A signal ends a command at once, with the shell's exit code, whatever it waits for.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Hostile, startHostile } from '../support/hostile-registry.js';
import { startCli } from '../support/run-cli.js';
import { errorOf, openReplica } from '../support/targets.js';

let silent: Hostile;
beforeAll(async () => {
  silent = await startHostile('silent');
});
afterAll(() => silent.close());

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s while the registry does not answer: %i', async (signal, exit) => {
  const before = silent.requests.length;
  const waiting = startCli(['list', '--json', '--timeout', '60s'], {
    env: { CONFIG_SERVICE_URL: silent.url },
  });
  await expect.poll(() => silent.requests.length, { timeout: 20_000 }).toBe(before + 1);
  waiting.child.kill(signal);
  const result = await waiting.done;
  expect(result).toMatchObject({ code: exit, signal: null, stderr: '' });
  expect(errorOf(result)).toMatchObject({ code: 'INTERRUPTED', exit, message: `Interrupted (${signal}).` });
});

it('SIGINT while it is waited for an instance to be discoverable: it stays registered', async () => {
  const { target, replica } = await openReplica();
  const args = ['register', 'asr-service', '--url', 'http://asr:1', '--status', 'starting', '--wait'];
  const waiting = target.start([...args, '--instance-id', 'a']);
  await waiting.until('Registered asr-service/a');
  await delay(100);
  waiting.child.kill('SIGINT');
  expect((await waiting.done).code).toBe(130);
  expect(await target.listed('asr-service')).toMatchObject([{ instance_id: 'a', status: 'starting' }]);
  await replica.close();
});
