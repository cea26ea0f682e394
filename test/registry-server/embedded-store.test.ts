// SQLite in a thread of its own: what a commit writes, and what goes on meanwhile.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Registration } from '../../src/registry-server/registration.js';
import { EmbeddedStore } from '../../src/registry-server/store/embedded.js';
import type { AuditRecord } from '../../src/registry-server/store/store.js';

async function openStore(): Promise<EmbeddedStore> {
  const folder = await mkdtemp(join(tmpdir(), 'regctl-registry-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const store = await EmbeddedStore.open(join(folder, 'registry.db'));
  onTestFinished(() => store.close());
  return store;
}

const registration = (id: string, of: Partial<Registration> = {}): Registration => ({
  service: 'asr',
  id,
  url: 'http://asr:8000',
  healthUrl: null,
  metadata: {},
  declared: null,
  serviceId: null,
  owner: null,
  registeredFrom: '127.0.0.1',
  registeredAt: '2026-11-20T00:00:00.000Z',
  incarnation: 1,
  revision: 1,
  state: 'starting',
  beats: false,
  ...of,
});

const record = (id: string, detail: string | null = null): AuditRecord => ({
  entry: id,
  service: 'asr',
  id,
  revision: 1,
  at: '2026-11-20T00:00:00.000Z',
  actor: '127.0.0.1',
  cause: 'registered',
  from: null,
  to: 'starting',
  detail,
});

const put = (store: EmbeddedStore, ...puts: Registration[]) =>
  store.commit(() => ({ puts, removes: [], audit: puts.map(({ id }) => record(id)) }));

const kept = async (store: EmbeddedStore) => (await store.load()).registrations;

test('whatever a text has in it, it is kept as it was, and is no SQL', async () => {
  const store = await openStore();
  const texts = [`'`, `'); DROP TABLE instances; --`, '"', '\\', '\\u0000', '?1 :a $b', '\n', '✓ 💥', ''];
  const all = texts.map((text, n) =>
    registration(`asr-${n}`, {
      url: `http://asr:8000/${text}`,
      metadata: { [text]: [text, { none: null }], nul: '\0', half: '\ud800' },
      healthUrl: text,
    }),
  );
  await put(store, ...all);
  expect(await kept(store)).toEqual(all);
  await store.commit(() => ({
    puts: [],
    removes: [],
    audit: texts.map((text) => record('asr-0', text)),
  }));
  const told = await store.audit({ after: texts.length, limit: 100 });
  expect(told.map(({ detail }) => detail)).toEqual(texts);
});

test('what UTF-8 has no bytes for is kept with a replacement character', async () => {
  const store = await openStore();
  await store.commit(() => ({ puts: [], removes: [], audit: [record('asr-1', 'a\0b\ud800c')] }));
  expect(await store.audit({ limit: 1 })).toMatchObject([{ detail: 'a\ufffdb\ufffdc' }]);
});

test('every number is kept exactly, and a registration takes the place of the one before', async () => {
  const store = await openStore();
  await put(store, registration('asr-1', { serviceId: 7, declared: 'healthy', beats: true }));
  const large = registration('asr-1', {
    serviceId: Number.MAX_SAFE_INTEGER,
    owner: -1,
    revision: 2 ** 52 + 1,
    state: 'down',
  });
  await put(store, large);
  expect(await kept(store)).toEqual([large]);
});

test('what was registered is read back in that order, over pages of rows', async () => {
  const store = await openStore();
  const all = Array.from({ length: 10_001 }, (_, n) => {
    const id = `asr-${String(99_999 - n)}`;
    return registration(id, { service: n % 2 === 0 ? 'asr' : 'tts', metadata: { instance_id: id } });
  });
  await put(store, ...all);
  await put(store, ...all.slice(0, 2));
  expect(await kept(store)).toEqual(all);
});

test('a commit that fails in the middle has written nothing, and the next one is written', async () => {
  const store = await openStore();
  await put(store, registration('asr-1'));
  const impossible = registration('asr-2', { url: null as unknown as string });
  await expect(put(store, registration('asr-3'), impossible)).rejects.toMatchObject({
    code: 'SQLITE_CONSTRAINT_NOTNULL',
  });
  const removedAt = '2026-11-21T00:00:00.000Z';
  const tombstone = { service: 'asr', id: 'asr-1', incarnation: 1, revision: 2, owner: null, removedAt };
  const audit = [{ ...record('asr-1'), actor: null as unknown as string }];
  await expect(store.commit(() => ({ puts: [], removes: [tombstone], audit }))).rejects.toThrow();
  await put(store, registration('asr-4'));
  expect((await kept(store)).map(({ id }) => id)).toEqual(['asr-1', 'asr-4']);
  expect((await store.audit({ limit: 10 })).map(({ instance_id }) => instance_id)).toEqual([
    'asr-1',
    'asr-4',
  ]);
});

test('while a commit is written the registry does other things, and nobody reads half of it', async () => {
  const store = await openStore();
  let turns = 0;
  const turning = setInterval(() => {
    turns += 1;
  }, 1);
  onTestFinished(() => clearInterval(turning));
  const audit = Array.from({ length: 20_000 }, (_, n) => record(`asr-${n}`));
  const writing = store.commit(() => ({ puts: [], removes: [], audit }));
  const reading = store.audit({ limit: 100_000 });
  await writing;
  // None, where the loop itself writes; how many is for the machine to say.
  expect(turns).toBeGreaterThan(0);
  expect(await reading).toHaveLength(audit.length);
});
