// Behind a proxy: whom its X-Forwarded-For names is the sender; nobody else's X-Forwarded-For is believed.
import { expect, it } from 'vitest';
import { runCli } from '../support/run-cli.js';
import { get, post, startTestRegistry } from '../support/start-registry.js';

/** Who the audit trail says registered an instance that came with this header, from 127.0.0.1. */
async function actorOf(forwardedFor: string, trustedProxies: string[]): Promise<unknown> {
  const { url } = await startTestRegistry({ trustedProxies });
  const body = { service_name: 'billing-service', service_url: 'http://10.0.0.1:80' };
  const { status } = await post(`${url}/api/v1/registry/register`, body, { 'x-forwarded-for': forwardedFor });
  expect(status).toBe(201);
  const { body: rows } = await get(`${url}/api/v1/registry/audit`);
  return rows[0]?.actor;
}

it('a trusted proxy says who the sender is, the last of a list by whom it did not hear of itself', async () => {
  expect(await actorOf('10.1.2.3', ['127.0.0.1'])).toBe('10.1.2.3');
  expect(await actorOf('::ffff:10.1.2.3', ['127.0.0.0/8'])).toBe('10.1.2.3');
  expect(await actorOf('6.6.6.6, 10.1.2.3', ['127.0.0.1'])).toBe('10.1.2.3');
});

it('nobody else does', async () => {
  expect(await actorOf('10.1.2.3', [])).toBe('127.0.0.1');
  expect(await actorOf('10.1.2.3', ['127.0.0.2/32', '10.0.0.0/8'])).toBe('127.0.0.1');
});

it('what is no address counts as not said', async () => {
  expect(await actorOf('registry', ['127.0.0.1'])).toBe('127.0.0.1');
});

it.each(['proxy', '10.0.0.0/33', '10.0.0', 'loopback', ''])('--trust-proxy %j is refused', async (value) => {
  const { code, stderr } = await runCli(['serve', '--memory', '--port', '0', `--trust-proxy=${value}`]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('is not an address') });
});
