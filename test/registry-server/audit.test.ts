// GET /api/v1/registry/audit: who changed what, and why.
import { expect, test } from 'vitest';
import type { AuditRow } from '../../src/wire/audit.js';
import { get, post, startTestRegistry } from '../support/start-registry.js';
import { bearer, SECRET } from '../support/targets.js';

const PREFIX = '/api/v1/registry';

async function register(url: string, service: string, id: string, address = `http://${id}:8000`) {
  const service_metadata = { instance_id: id, status: 'healthy' };
  const body = { service_name: service, service_url: address, service_metadata };
  return post(`${url}${PREFIX}/register`, body, bearer());
}

test('tells every transition with its actor and its cause', async () => {
  const { url } = await startTestRegistry({ auth: 'jwt', secret: SECRET });
  await register(url, 'asr', 'asr-1');
  await register(url, 'asr', 'asr-1', 'http://elsewhere:8000');
  await post(
    `${url}${PREFIX}/deregister?service_name=asr&instance_id=asr-1&reason=deploy`,
    undefined,
    bearer(),
  );
  const { status, body } = await get(`${url}${PREFIX}/audit?service=asr`);
  expect(status).toBe(200);
  expect(body).toMatchObject([
    { revision: 1, actor: 'service:42', cause: 'registered', from: null, to: 'healthy', detail: null },
    { revision: 2, cause: 'address-changed', detail: 'http://asr-1:8000 -> http://elsewhere:8000' },
    { revision: 3, cause: 'deregistered', from: 'healthy', to: null, detail: 'deploy' },
  ]);
  expect(body.map(({ service_name, instance_id }) => [service_name, instance_id])).toEqual(
    Array(3).fill(['asr', 'asr-1']),
  );
});

test('is read page by page, of one service or of all, from a time on', async () => {
  const { url } = await startTestRegistry();
  for (const id of ['a', 'b', 'c']) await register(url, `${id}-service`, id);
  const ids = async (query: string) =>
    (await get(`${url}${PREFIX}/audit?${query}`)).body.map((row) => (row as unknown as AuditRow).instance_id);
  expect(await ids('')).toEqual(['a', 'b', 'c']);
  const [, second] = (await get(`${url}${PREFIX}/audit?limit=2`)).body;
  expect(await ids('limit=2')).toEqual(['a', 'b']);
  expect(await ids(`after=${second?.seq}`)).toEqual(['c']);
  expect(await ids('service=b-service')).toEqual(['b']);
  expect(await ids(`since=${new Date(Date.now() - 60_000).toISOString()}`)).toEqual(['a', 'b', 'c']);
  expect(await ids(`since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
});

test.each([
  ['since=yesterday', 'since'],
  ['since=1', 'since'],
  ['since=2026-11-21T20:28:39', 'since'],
  ['since=%2B275760-09-13T00:00:00Z', 'since'],
  ['service=a%00b', 'service'],
  ['limit=0', 'limit'],
  ['limit=1001', 'limit'],
  ['after=-1', 'after'],
  ['service=', 'service'],
])('refuses %s', async (query, field) => {
  const { url } = await startTestRegistry();
  const { status, body } = await get(`${url}${PREFIX}/audit?${query}`);
  expect(status).toBe(422);
  expect(body.detail).toMatchObject([{ loc: ['query', field] }]);
});
