import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Directory } from '../../src/registry-server/directory.js';
import { planRegistration } from '../../src/registry-server/plan.js';
import { type RegistryOptions, serveStore, startRegistry } from '../../src/registry-server/server.js';
import { DEFAULT_TIMINGS, moment, SYSTEM_CLOCK } from '../../src/registry-server/settings.js';
import { EmbeddedStore } from '../../src/registry-server/store/embedded.js';
import { AUDIT_ROWS, type AuditRecord, type Store } from '../../src/registry-server/store/store.js';
import { Writer } from '../../src/registry-server/writer.js';
import { eventually, get, post } from '../support/start-registry.js';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'regctl-registry-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const inFolder = (dataDir: string): RegistryOptions => ({ port: 0, store: { kind: 'sqlite', dataDir } });

const ASR = { service_id: 42, service_name: 'asr', url: 'http://asr:8000', metadata: { status: 'healthy' } };

const record = (revision: number): AuditRecord => ({
  entry: String(revision),
  service: 'asr',
  id: 'asr-1',
  revision,
  at: '',
  actor: 'registry',
  cause: 'heartbeat',
  from: null,
  to: null,
  detail: null,
});

describe('over a restart', () => {
  test('registrations, what they declared, owners and states are kept; what was removed stays removed', async () => {
    const dataDir = await folder();
    const first = await startRegistry(inFolder(dataDir));
    await post(`${first.url}/register`, ASR);
    await post(`${first.url}/register`, { ...ASR, service_id: 43, service_name: 'nmt', metadata: {} });
    await post(`${first.url}/register`, { ...ASR, service_id: 44, service_name: 'tts' });
    await post(`${first.url}/heartbeat`, { service_id: 43 });
    await post(`${first.url}/deregister`, { service_id: 44 });
    const before = (await get(`${first.url}/services`)).body;
    await first.close();

    const second = await startRegistry(inFolder(dataDir));
    onTestFinished(() => second.close());
    expect((await get(`${second.url}/services`)).body).toEqual(before);
    expect((await get(`${second.url}/services/nmt`)).body).toMatchObject({
      instances: [{ state: 'healthy', monitored_by: 'heartbeat' }],
    });
    expect((await post(`${second.url}/heartbeat`, { service_id: 43 })).status).toBe(200);
    expect((await post(`${second.url}/heartbeat`, { service_id: 44 })).status).toBe(404);
  });

  test('a crashed instance that the registry never saw crash is not handed out for ever', async () => {
    const dataDir = await folder();
    const timings = { downAfterMs: 500 };
    const first = await startRegistry({ ...inFolder(dataDir), timings });
    await post(`${first.url}/register`, ASR);
    await post(`${first.url}/heartbeat`, { service_id: 42 });
    await first.close();

    const second = await startRegistry({ ...inFolder(dataDir), timings });
    onTestFinished(() => second.close());
    await eventually(
      () => get(`${second.url}/services/asr`),
      ({ status }) => status === 404,
    );
  });

  test('the folder and what is in it belong to their owner alone', async () => {
    const dataDir = join(await folder(), 'a', 'b');
    const registry = await startRegistry(inFolder(dataDir));
    onTestFinished(() => registry.close());
    await post(`${registry.url}/register`, ASR);
    for (const path of [dataDir, ...(await readdir(dataDir)).map((name) => join(dataDir, name))]) {
      expect([path, (await stat(path)).mode & 0o077]).toEqual([path, 0]);
    }
  });
});

test('what is acknowledged is on the disk, not only with the operating system', async () => {
  const store = await EmbeddedStore.open(join(await folder(), 'registry.db'));
  onTestFinished(() => store.close());
  const FULL = 2;
  expect(await store.synchronous()).toBe(FULL);
});

test('revisions that were forgotten are not given out again after a restart', async () => {
  const file = join(await folder(), 'registry.db');
  const first = await EmbeddedStore.open(file);
  const removedAt = '2026-11-20T00:00:00.000Z';
  const tombstone = { service: 'asr', id: 'asr-1', incarnation: 1, revision: 17, owner: 42, removedAt };
  await first.commit(() => ({ puts: [], removes: [tombstone], audit: [record(17)] }));
  expect((await first.load()).tombstones).toEqual([tombstone]);
  await first.forgetBefore(new Date('2026-11-21T00:00:00Z'));
  await first.forgetBefore(new Date('2026-11-21T00:00:00Z'));
  await first.close();
  const second = await EmbeddedStore.open(file);
  onTestFinished(() => second.close());
  expect(await second.load()).toEqual({ registrations: [], tombstones: [], revisionFloor: 17 });
});

test('why and by whom is kept with every change', async () => {
  const dataDir = await folder();
  const registry = await startRegistry(inFolder(dataDir));
  await post(`${registry.url}/register`, ASR);
  await post(`${registry.url}/register`, { ...ASR, url: 'http://asr-b:8000' });
  await post(`${registry.url}/deregister`, { service_id: 42, reason: 'moved to the new cluster' });
  await registry.close();
  const { default: Libsql } = await import('libsql');
  const database = new Libsql(join(dataDir, 'registry.db'));
  onTestFinished(() => void database.close());
  expect(database.prepare('SELECT revision, actor, cause, detail FROM audit ORDER BY seq').all()).toEqual([
    { revision: 1, actor: '127.0.0.1', cause: 'registered', detail: null },
    {
      revision: 2,
      actor: '127.0.0.1',
      cause: 'address-changed',
      detail: 'http://asr:8000 -> http://asr-b:8000',
    },
    { revision: 3, actor: '127.0.0.1', cause: 'deregistered', detail: 'moved to the new cluster' },
  ]);
});

test('the audit trail keeps its latest rows and does not grow for ever', async () => {
  const file = join(await folder(), 'registry.db');
  const store = await EmbeddedStore.open(file);
  const audit = Array.from({ length: AUDIT_ROWS + 10 }, (_, revision) => record(revision));
  await store.commit(() => ({ puts: [], removes: [], audit }));
  await store.close();
  const { default: Libsql } = await import('libsql');
  const database = new Libsql(file);
  onTestFinished(() => void database.close());
  const kept = database.prepare('SELECT count(*) AS rows, min(revision) AS oldest FROM audit').all();
  expect(kept).toEqual([{ rows: AUDIT_ROWS, oldest: 10 }]);
});

describe('a data folder that cannot be used is refused, and left as it is', () => {
  test('where another registry uses it, until that one ends', async () => {
    const dataDir = await folder();
    const first = await startRegistry(inFolder(dataDir));
    await expect(startRegistry(inFolder(dataDir))).rejects.toMatchObject({
      code: 'CANNOT_SERVE',
      message: expect.stringContaining(`another registry is using ${dataDir}`),
    });
    await post(`${first.url}/register`, ASR);
    await first.close();
    const second = await startRegistry(inFolder(dataDir));
    expect((await get(`${second.url}/services`)).body).toHaveLength(1);
    await second.close();
  });

  test.each([
    ['is not a database', Buffer.from('this is not a database\n'.repeat(400))],
    ['has zeros for its pages', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(8192)])],
  ])('where the file %s', async (_, content) => {
    const dataDir = await folder();
    const file = join(dataDir, 'registry.db');
    await writeFile(file, content);
    await expect(startRegistry(inFolder(dataDir))).rejects.toMatchObject({
      code: 'CANNOT_SERVE',
      message: expect.stringContaining(file),
    });
    expect((await readFile(file)).equals(content)).toBe(true);
  });

  test('where pages in the middle of it are damaged', async () => {
    const dataDir = await folder();
    const registry = await startRegistry(inFolder(dataDir));
    for (let i = 0; i < 20; i += 1) {
      const metadata = { text: 'x'.repeat(4000) };
      await post(`${registry.url}/register`, { ...ASR, service_id: 100 + i, metadata });
    }
    await registry.close();
    const file = join(dataDir, 'registry.db');
    const damaged = await readFile(file);
    damaged.fill(0xff, 8192, Math.min(damaged.length, 60_000));
    await writeFile(file, damaged);
    await expect(startRegistry(inFolder(dataDir))).rejects.toMatchObject({
      message: expect.stringContaining('is not an intact registry database'),
      hint: expect.stringContaining('Restore it from a backup'),
    });
    expect((await readFile(file)).equals(damaged)).toBe(true);
  });

  test.each([
    ['metadata', '{"a', 'its metadata is not JSON'],
    ['metadata', '[]', 'its metadata is not a JSON object'],
    ['state', 'bogus', '"bogus" is no state'],
    ['declared', 'bogus', '"bogus" is no state'],
  ])('where the %s of a row is %j', async (column, value, why) => {
    const dataDir = await folder();
    const registry = await startRegistry(inFolder(dataDir));
    await post(`${registry.url}/register`, ASR);
    await registry.close();
    const file = join(dataDir, 'registry.db');
    const { default: Libsql } = await import('libsql');
    const rows = (sql: string): unknown => {
      const database = new Libsql(file);
      try {
        return database.prepare(sql).all();
      } finally {
        database.close();
      }
    };
    rows(`UPDATE instances SET ${column} = '${value}' RETURNING id`);
    const before = rows('SELECT * FROM instances');
    await expect(startRegistry(inFolder(dataDir))).rejects.toMatchObject({
      code: 'CANNOT_SERVE',
      message: expect.stringMatching(new RegExp(`${file}.*asr/asr-42.*${why.replace(/[[\]"]/g, '.')}`)),
    });
    expect(rows('SELECT * FROM instances')).toEqual(before);
  });

  test('where the folder is a file', async () => {
    const dataDir = join(await folder(), 'file');
    await writeFile(dataDir, '');
    await expect(startRegistry(inFolder(dataDir))).rejects.toMatchObject({
      code: 'CANNOT_SERVE',
      hint: expect.stringContaining('--data-dir'),
    });
  });
});

/** A store in memory whose parts a test holds up or breaks. */
async function brokenStore(broken: Partial<Store>): Promise<Store> {
  const real = await EmbeddedStore.open(':memory:');
  return {
    load: () => real.load(),
    commit: (prepare) => real.commit(prepare),
    catchUp: () => real.catchUp(),
    forgetBefore: (limit) => real.forgetBefore(limit),
    probe: () => real.probe(),
    audit: (query) => real.audit(query),
    close: () => real.close(),
    ...broken,
  };
}

const memory: RegistryOptions = { port: 0, store: { kind: 'memory' } };

test('however long the store takes nothing, only the audit trail loses entries, never a state', async () => {
  const real = await EmbeddedStore.open(':memory:');
  onTestFinished(() => real.close());
  let full = true;
  const refuse = (): Promise<void> => Promise.reject(new Error('database or disk is full'));
  const store = await brokenStore({
    commit: (prepare) => (full ? refuse() : real.commit(prepare)),
    probe: () => (full ? refuse() : real.probe()),
  });
  const at = moment(SYSTEM_CLOCK);
  const directory = new Directory(DEFAULT_TIMINGS, Math.random, at.now);
  const writer = new Writer(store, directory, SYSTEM_CLOCK, { info: () => {}, error: () => {} });
  const caller = { serviceId: null, address: '127.0.0.1' };
  for (const id of ['early', 'busy']) {
    const request = { service: 'asr', id, url: 'http://asr', healthUrl: null, metadata: {}, serviceId: null };
    const { changes } = planRegistration(directory.catalog, request, caller, at.wall.toISOString(), () => '');
    for (const change of changes) directory.apply(change, at);
  }
  const transition = (id: string) => {
    const instance = directory.catalog.instance('asr', id);
    if (instance === undefined) throw new Error(`${id} is not registered`);
    directory.catalog.update(instance, { beats: false });
    return directory.beat(instance, at);
  };
  writer.record(transition('early'));
  for (let i = 0; i < 25_000; i += 1) writer.record(transition('busy'));
  full = false;
  await writer.close();
  const { registrations } = await real.load();
  expect(registrations.map(({ id, beats }) => [id, beats]).sort()).toEqual([
    ['busy', true],
    ['early', true],
  ]);
});

test('until what was registered is read back, answers are 503 and never an empty list', async () => {
  let loaded = (): void => undefined;
  const loading = new Promise<void>((resolve) => {
    loaded = resolve;
  });
  let url = '';
  const log = { write: (line: string) => (url = /http:\/\/[\d.:]+/.exec(line)?.[0] ?? url) };
  const store = await brokenStore({
    load: () => loading.then(() => ({ registrations: [], tombstones: [], revisionFloor: 0 })),
  });
  const starting = serveStore(store, { ...memory, log });
  await eventually(
    async () => url,
    (seen) => seen !== '',
  );
  const early = await get(`${url}/services`);
  expect([early.status, early.headers.get('retry-after')]).toEqual([503, '2']);
  expect((await get(`${url}/ready`)).status).toBe(503);
  expect((await get(`${url}/live`)).status).toBe(200);
  loaded();
  const registry = await starting;
  expect((await get(`${registry.url}/services`)).body).toEqual([]);
  await registry.close();
});

test('an audit trail that cannot be read is 503, to be asked for again', async () => {
  const store = await brokenStore({ audit: () => Promise.reject(new Error('connect ECONNREFUSED')) });
  const registry = await serveStore(store, memory);
  onTestFinished(() => registry.close());
  const { status, headers, body } = await get(`${registry.url}/api/v1/registry/audit`);
  expect([status, headers.get('retry-after')]).toEqual([503, '2']);
  expect(body.detail).toBe('The audit trail cannot be read now: the database does not answer');
});

test('while the store takes no changes, registrations are refused and everything else goes on', async () => {
  let full = false;
  const refuse = (): Promise<void> => Promise.reject(new Error('database or disk is full'));
  const real = await EmbeddedStore.open(':memory:');
  const store = await brokenStore({
    commit: (prepare) => (full ? refuse() : real.commit(prepare)),
    probe: () => (full ? refuse() : real.probe()),
  });
  const registry = await serveStore(store, { ...memory, timings: { downAfterMs: 400 } });
  onTestFinished(() => registry.close());
  const { url } = registry;
  await post(`${url}/register`, ASR);

  full = true;
  const refused = await post(`${url}/register`, { ...ASR, service_id: 43, service_name: 'nmt' });
  expect([refused.status, refused.body.detail]).toEqual([
    503,
    'The registry cannot store changes: database or disk is full. Nothing was changed.',
  ]);
  const health = await get(`${url}/health`);
  expect([health.status, health.body]).toMatchObject([503, { status: 'unhealthy', postgres: 'unhealthy' }]);
  expect((await get(`${url}/services`)).body).toMatchObject([{ service_name: 'asr' }]);
  expect((await post(`${url}/heartbeat`, { service_id: 42 })).status).toBe(200);
  // Promise 3 holds without a disk, too.
  await eventually(
    () => get(`${url}/services/asr`),
    ({ status }) => status === 404,
  );

  full = false;
  await eventually(
    () => get(`${url}/health`),
    ({ status }) => status === 200,
  );
  expect((await post(`${url}/register`, { ...ASR, service_id: 43, service_name: 'nmt' })).status).toBe(201);
  const { registrations } = await real.load();
  expect(registrations).toMatchObject([
    { id: 'asr-42', state: 'down' },
    { id: 'nmt-43', state: 'healthy' },
  ]);
});
