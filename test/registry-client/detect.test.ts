// Which API a registry speaks, found out by asking; and what it is called where it speaks neither.
import { afterEach, expect, it } from 'vitest';
import { createHttp } from '../../src/http/http.js';
import { connect } from '../../src/registry-client/detect.js';
import { startConfigServiceReplica } from '../support/config-service-replica.js';
import { startCoordinatorReplica } from '../support/coordinator-replica.js';
import { type HostileKind, startHostile } from '../support/hostile-registry.js';
import { startTestRegistry } from '../support/start-registry.js';
import { SECRET } from '../support/targets.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

function found(registry: { url: string; close(): Promise<void> }, timeoutMs = 10_000) {
  const signal = new AbortController().signal;
  const http = createHttp({
    signal,
    userAgent: 'regctl/test',
    timeoutMs,
    retries: 0,
    random: () => 0,
    sleep: async () => undefined,
  });
  opened.push(http, registry);
  const endpoint = { url: registry.url, paths: {}, headers: {}, authorization: async () => undefined };
  return connect('auto', endpoint, http);
}

it('a deployed Config Service, also while its Redis is down', async () => {
  const replica = await startConfigServiceReplica();
  expect((await found(replica)).api).toBe('config-service');
  replica.redisDown();
  expect((await found({ ...replica, close: async () => undefined })).api).toBe('config-service');
});

it.each([true, false])('a Coordinator that can list: %s', async (canList) => {
  expect((await found(await startCoordinatorReplica({ secret: SECRET, canList }))).api).toBe('coordinator');
});

it('our own registry, which speaks both', async () => {
  const { url } = await startTestRegistry();
  expect((await found({ url, close: async () => undefined })).api).toBe('config-service');
});

const NEITHER: [HostileKind, code: string][] = [
  ['html', 'NOT_THE_API'],
  ['404', 'NOT_THE_API'],
  ['wrong-object', 'coordinator'],
  ['401', 'UNAUTHORIZED'],
  ['403', 'FORBIDDEN'],
  ['html-502', 'SERVER_ERROR'],
  ['silent', 'TIMED_OUT'],
  ['redirect', 'REDIRECTED'],
];
it.each(NEITHER)('%s: %s', async (kind, code) => {
  const finding = found(await startHostile(kind), code === 'TIMED_OUT' ? 500 : 10_000);
  if (code === 'coordinator') expect((await finding).api).toBe(code);
  else await expect(finding).rejects.toMatchObject({ code });
});
