// The store that replicas share, on a real PostgreSQL.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { moment, SYSTEM_CLOCK } from '../../src/registry-server/settings.js';
import { EmbeddedStore } from '../../src/registry-server/store/embedded.js';
import { PostgresStore } from '../../src/registry-server/store/postgres.js';
import { AUDIT_ROWS, type Store } from '../../src/registry-server/store/store.js';
import { type Engine, missingPackages, startEngine } from '../support/engines.js';
import { selfSigned } from '../support/hostile/certificate.js';
import { eventually } from '../support/start-registry.js';
import {
  ask,
  emptyDatabase,
  expectGrowingRevisions,
  expectHeardAtOnce,
  known,
  loginTo,
  openStore,
  PASSWORD,
  type Replica,
  record,
  startReplica,
} from './postgres-store.js';

const missing = missingPackages().includes('postgresql');
const without = missing && process.env.CI === undefined;
const log = { info: () => {}, warn: () => {} };

describe.skipIf(without)(`PostgreSQL${without ? ', which is not here' : ''}`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine('postgres', { password: PASSWORD });
  });
  afterAll(() => engine?.close());

  test('what one replica registers, moves and removes, the other knows at once', async () => {
    const database = await emptyDatabase(engine);
    const a = await startReplica(engine.port, database);
    const b = await startReplica(engine.port, database);
    await a.register('asr', 'one');
    await a.register('asr', 'two');
    await eventually(
      async () => known(b),
      (seen) => seen.length === 2,
    );
    await b.register('asr', 'one', 'http://asr-b:8000');
    await b.deregister('asr', 'two');
    await eventually(
      async () => known(a),
      (seen) => seen.length === 1,
    );
    expect(known(a)).toEqual(['asr one http://asr-b:8000 2 starting']);
    // An id that comes back goes on counting, wherever it was removed.
    expect(await a.register('asr', 'two')).toMatchObject({ incarnation: 2 });
    await expectHeardAtOnce(a, b);
    await expectGrowingRevisions(a);
  });

  test('without a notification the other knows within the second', async () => {
    const database = await emptyDatabase(engine);
    const a = await startReplica(engine.port, database);
    await ask(
      engine,
      database,
      `insert into regctl.instances (service, id, url, metadata, registered_from, registered_at, incarnation, revision, state, beats, change_seq)
         values ('asr', 'one', 'http://asr:8000', '{}', '127.0.0.1', '', 1, 1, 'starting', 0, 1);
       update regctl.change_head set seq = 1`,
    );
    await eventually(
      async () => known(a),
      (seen) => seen.length === 1,
    );
  });

  test('who has heard that there is news and has not taken it is as old as what it knows', async () => {
    const database = await emptyDatabase(engine);
    const a = await startReplica(engine.port, database);
    const store = await openStore(engine.port, database);
    await store.load();
    const heard = new Promise<void>((resolve) => store.onChanged(resolve));
    await a.register('asr', 'one');
    await heard;
    // The next look, a second later, says again that PostgreSQL answers.
    await eventually(
      async () => store.unheardMs,
      (ms) => ms > 1_500,
    );
    expect(store.healthy).toBe(true);
    expect((await store.catchUp())?.puts).toHaveLength(1);
    expect(store.unheardMs).toBeLessThan(1_000);
  });

  test('a database that goes back to an earlier state, or is another, gets again what it has lost', async () => {
    const database = await emptyDatabase(engine);
    const a = await startReplica(engine.port, database);
    const b = await startReplica(engine.port, database);
    const tables = ['instances', 'tombstones', 'audit', 'change_head'];
    const each = (statement: (table: string) => string) =>
      ask(engine, database, `begin; ${tables.map(statement).join(';')}; commit`);
    const sees = (replica: Replica, ids: string) =>
      eventually(
        async () => known(replica).map((row) => row.split(' ')[1]),
        (seen) => seen.join(' ') === ids,
      );
    await a.register('asr', 'kept');
    await a.register('asr', 'removed');
    await each((table) => `create table saved_${table} as table regctl.${table}`);
    await b.deregister('asr', 'removed');
    await a.register('asr', 'lost');
    await a.register('asr', 'kept', 'http://moved:1');
    const kept = a.directory.catalog.instance('asr', 'kept');
    if (kept) a.writer.record(a.directory.beat(kept, moment(SYSTEM_CLOCK)));
    await sees(b, 'kept lost');

    await each(
      (table) =>
        `delete from regctl.${table}; insert into regctl.${table} overriding system value table saved_${table}`,
    );
    // Whoever comes now learns what was before.
    const sound = async () => known(await startReplica(engine.port, database));
    await eventually(sound, (rows) => rows.join() === known(a).join());
    expect(known(a)).toEqual(['asr kept http://moved:1 2 healthy', 'asr lost http://asr:8000 1 starting']);
    await b.register('asr', 'new');
    await sees(a, 'kept lost new');
    expect(known(b)).toEqual(known(a));

    // An empty one, and changes in it before anybody has noticed.
    await ask(
      engine,
      database,
      `begin; delete from regctl.instances; delete from regctl.tombstones;
       update regctl.change_head set seq = 90, epoch = 'other'; commit`,
    );
    await eventually(sound, (rows) => rows.length === 3);
    await a.deregister('asr', 'new');
    await sees(b, 'kept lost');
    expect(await sound()).toEqual(known(a));
    const rows = await a.store.audit({ service: 'asr', limit: 100 });
    expect(rows.filter(({ cause }) => cause === 'restored').map(({ instance_id }) => instance_id)).toEqual(
      expect.arrayContaining(['kept', 'lost', 'removed']),
    );
  });

  test('replicas that change the same services at the same time lose nothing and end up the same', async () => {
    const database = await emptyDatabase(engine);
    const replicas = [await startReplica(engine.port, database), await startReplica(engine.port, database)];
    const incarnations: number[] = [];
    const services = ['asr', 'nmt', 'tts'];
    await Promise.all(
      replicas.flatMap((replica, own) =>
        [0, 1, 2, 3].map(async (caller) => {
          for (let i = 0; i < 30; i += 1) {
            const service = services[i % 3] ?? '';
            // Everybody registers `shared`; each has one that comes and goes, and transitions of its own.
            const shared = await replica.register(service, 'shared', `http://asr-${own}-${caller}-${i}:8000`);
            if (service === 'asr') incarnations.push(shared.incarnation);
            const id = `own-${own}-${caller}`;
            await replica.register(service, id);
            const instance = replica.directory.catalog.instance(service, id);
            if (instance) replica.writer.record(replica.directory.beat(instance, moment(SYSTEM_CLOCK)));
            if (i % 2 === 0) await replica.deregister(service, id);
          }
        }),
      ),
    );
    await Promise.all(replicas.map(({ writer }) => writer.close()));
    await Promise.all(replicas.map(({ writer }) => writer.catchUp()));
    // No registration of the shared id saw the same state as another.
    expect(incarnations.sort((x, y) => x - y)).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
    const [a, b] = replicas;
    if (a === undefined || b === undefined) throw new Error('two were started');
    expect(known(a)).toEqual(known(b));
    await expectGrowingRevisions(a);
    const late = await startReplica(engine.port, database);
    expect(known(late)).toEqual(known(a));
  });

  test('replicas that start at once on an empty database all come up', async () => {
    const database = await emptyDatabase(engine);
    const stores = await Promise.all([1, 2, 3, 4, 5, 6].map(() => openStore(engine.port, database)));
    for (const store of stores) expect((await store.load()).registrations).toEqual([]);
    const applied = await ask(engine, database, 'select name from regctl.kysely_migration order by name');
    expect(applied).toHaveLength(4);
    expect(await ask(engine, database, "select 1 from pg_tables where schemaname = 'public'")).toEqual([]);
  });

  test('entries that one replica spools reach every other, once and in order', async () => {
    const database = await emptyDatabase(engine);
    const stores = await Promise.all([1, 2, 3].map(() => openStore(engine.port, database)));
    const heard: string[][] = [[], [], []];
    stores.forEach((store, i) => {
      store.onSpooled((entry, agoMs) => {
        expect(agoMs).toBeLessThan(5_000);
        heard[i]?.push(Buffer.from(entry).toString());
      });
    });
    const [a, b] = stores;
    // A reader begins with what is written after it came.
    await eventually(
      async () => {
        await a?.spool([Buffer.from('hello')]);
        return heard;
      },
      ([, second, third]) => second?.[0] !== undefined && third?.[0] !== undefined,
    );
    const texts = Array.from({ length: 450 }, (_, i) => `entry ${i}`);
    await Promise.all([
      a?.spool(texts.map((text) => Buffer.from(text))),
      b?.spool([Buffer.from([0, 255, 1])]),
    ]);
    const entries = (i: number) => heard[i]?.filter((text) => text.startsWith('entry')) ?? [];
    await eventually(
      async () => Math.min(entries(1).length, entries(2).length),
      (fewest) => fewest >= texts.length,
    );
    expect([entries(0), entries(1), entries(2)]).toEqual([[], texts, texts]);
  });

  test('the audit trail, tombstones and the revision floor are as in the embedded store', async () => {
    const embedded = await EmbeddedStore.open(':memory:');
    onTestFinished(() => embedded.close());
    const shared = await openStore(engine.port, await emptyDatabase(engine));
    const told = async (store: Store) => {
      const tombstone = (id: string, revision: number, removedAt: string) => {
        return { service: 'asr', id, incarnation: 3, revision, owner: 42, removedAt };
      };
      const audit = Array.from({ length: 25 }, (_, i) => ({
        ...record(i + 1),
        service: i % 2 ? 'asr' : 'nmt',
        at: `2026-11-21T00:00:${10 + i}.000Z`,
        detail: 'naïve\0 ✓',
      }));
      const removes = [
        tombstone('old', 17, '2026-11-19T00:00:00.000Z'),
        tombstone('new', 20, '2026-11-21T00:00:00.000Z'),
      ];
      await store.commit(() => ({ puts: [], removes, audit }));
      await store.commit(() => ({ puts: [], removes: [], audit: [] }));
      await store.forgetBefore(new Date('2026-11-20T00:00:00Z'));
      await store.probe();
      return [
        await store.load(),
        await store.audit({ limit: 3 }),
        await store.audit({ service: 'asr', after: 5, limit: 4 }),
        await store.audit({ since: new Date('2026-11-21T00:00:31Z'), limit: 100 }),
      ];
    };
    const seen = await told(shared);
    expect(seen).toEqual(await told(embedded));
    expect(seen[0]).toMatchObject({ tombstones: [{ id: 'new' }], revisionFloor: 17 });
  });

  test('the audit trail keeps its latest rows; what is sent twice is there once', async () => {
    const database = await emptyDatabase(engine);
    const store = await openStore(engine.port, database);
    await ask(
      engine,
      database,
      `insert into regctl.audit (service, id, revision, at, actor, cause)
         select 'asr', 'asr-1', i, '', 'registry', 'heartbeat' from generate_series(1, ${AUDIT_ROWS}) i`,
    );
    const sent = Array.from({ length: 10 }, (_, i) => record(AUDIT_ROWS + 1 + i));
    await store.commit(() => ({ puts: [], removes: [], audit: sent }));
    await store.commit(() => ({ puts: [], removes: [], audit: [...sent.slice(-3), record(0)] }));
    const [oldest] = await store.audit({ limit: 1 });
    expect(oldest?.revision).toBe(11);
    const [kept] = await ask(engine, database, 'select count(*)::int as rows from regctl.audit');
    expect(kept).toEqual({ rows: AUDIT_ROWS + 1 });
  });

  describe('a database that cannot be used is refused, and why and what to do is said', () => {
    const refusal = (port: number, database: string, change: object = {}, waitMs = 30_000) =>
      PostgresStore.open({ ...loginTo(port, database), ...change }, { log, waitMs }).then(
        async (store) => {
          await store.close();
          throw new Error('it was opened');
        },
        (error: unknown) => error,
      );

    test.each([
      ['the password is wrong', { password: () => 'wrong-password' }, 'refuses the password', 'PGPASSWORD'],
      ['there is no password', { password: undefined }, 'refuses the password', 'PGPASSWORD'],
      ['there is no such user', { user: 'nobody' }, 'refuses the password', 'PGPASSWORD'],
      ['there is no such database', { database: 'nowhere' }, 'no such database', 'Create it'],
      [
        'TLS is asked for and not offered',
        { sslmode: 'require' as const },
        'offers no TLS',
        'sslmode=disable',
      ],
    ])('at once where %s', async (_, change, why, next) => {
      const started = performance.now();
      const error = await refusal(engine.port, 'postgres', change);
      expect(error).toMatchObject({
        code: 'CANNOT_SERVE',
        message: expect.stringContaining(why),
        hint: expect.stringContaining(next),
      });
      expect(performance.now() - started).toBeLessThan(3_000);
      expect(JSON.stringify(error)).not.toContain('wrong-password');
    });

    test('where TLS is asked for and its certificate is not vouched for; who asks for less gets in', async () => {
      const secure = await startEngine('postgres', { password: PASSWORD, tls: await selfSigned() });
      onTestFinished(() => secure.close());
      const error = await refusal(secure.port, 'postgres', { sslmode: 'verify-full' as const });
      expect(error).toMatchObject({
        message: expect.stringContaining('a certificate that is not vouched for'),
        hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
      });
      const store = await PostgresStore.open(
        { ...loginTo(secure.port, 'postgres'), sslmode: 'require' },
        { log },
      );
      onTestFinished(() => store.close());
      const encrypted = 'select count(*)::int as plain from pg_stat_ssl join pg_stat_activity using (pid)';
      const own = "where application_name = 'regctl' and not ssl";
      await store.probe();
      expect(await ask(secure, 'postgres', `${encrypted} ${own}`)).toEqual([{ plain: 0 }]);
    });

    test('where nobody listens, once the wait is over', async () => {
      expect(await refusal(1, 'postgres', {}, 50)).toMatchObject({
        code: 'CANNOT_SERVE',
        message: expect.stringContaining('127.0.0.1:1 cannot be reached'),
      });
    });

    test('where a newer version of regctl left it, and nothing is changed', async () => {
      const database = await emptyDatabase(engine);
      await (await openStore(engine.port, database)).close();
      await ask(engine, database, "insert into regctl.kysely_migration values ('9999-newer', '2030-01-01')");
      expect(await refusal(engine.port, database)).toMatchObject({
        code: 'CANNOT_SERVE',
        message: expect.stringContaining('newer version'),
      });
    });

    test('where its text is not Unicode, and where the user may not write', async () => {
      const ascii = await emptyDatabase(engine, "encoding 'SQL_ASCII' template template0");
      expect(await refusal(engine.port, ascii)).toMatchObject({
        message: expect.stringContaining('SQL_ASCII'),
      });
      const foreign = await emptyDatabase(engine);
      await ask(engine, foreign, `create role guest login password '${PASSWORD}'`);
      expect(await refusal(engine.port, foreign, { user: 'guest' })).toMatchObject({
        message: expect.stringContaining('does not let this user make the schema regctl'),
        hint: expect.stringContaining('create schema regctl'),
      });
    });
  });
});
