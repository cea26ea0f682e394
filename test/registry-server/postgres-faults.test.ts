// What becomes of changes where the line to PostgreSQL breaks at the worst moment, or PostgreSQL itself does.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Engine, missingPackages, startEngine } from '../support/engines.js';
import { eventually } from '../support/start-registry.js';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.js';
import {
  ask,
  emptyDatabase,
  expectHeardAtOnce,
  known,
  PASSWORD,
  type Replica,
  startReplica,
} from './postgres-store.js';

const missing = missingPackages().includes('postgresql');
const without = missing && process.env.CI === undefined;

const causes = async ({ store }: Replica) => (await store.audit({ limit: 100 })).map(({ cause }) => cause);

describe.skipIf(without)(`PostgreSQL under faults${without ? ', which is not here' : ''}`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine('postgres', { password: PASSWORD });
  });
  afterAll(() => engine?.close());

  /** A replica behind a proxy, and one with a line of its own. */
  async function pair(): Promise<{ proxy: TcpProxy; database: string; cut: Replica; other: Replica }> {
    const database = await emptyDatabase(engine);
    const proxy = await startProxy(engine.port);
    onTestFinished(() => proxy.close());
    const cut = await startReplica(proxy.port, database);
    return { proxy, database, cut, other: await startReplica(engine.port, database) };
  }

  test('cut before COMMIT is there: nothing was changed, and that is said', async () => {
    const { proxy, cut, other } = await pair();
    const reset = proxy.when({ direction: 'up', bytes: '; commit', moment: 'before' }, () => proxy.reset());
    await expect(cut.register('asr', 'one')).rejects.toThrow(/cannot store changes: .*Nothing was changed/);
    await reset;
    expect(await causes(other)).toEqual([]);
    expect(await cut.register('asr', 'one')).toMatchObject({ incarnation: 1, revision: 1 });
    expect(await causes(other)).toEqual(['registered']);
  });

  test('cut when the answer to COMMIT is lost: it is found, answered, and in the audit trail once', async () => {
    const { proxy, cut, other } = await pair();
    await cut.register('asr', 'one');
    const instance = cut.directory.catalog.instance('asr', 'one');
    if (instance === undefined) throw new Error('it was registered');
    // A transition that is recorded with the same commit is not written twice either.
    const reset = proxy.when({ direction: 'down', bytes: 'COMMIT', moment: 'before' }, () => proxy.reset());
    cut.writer.record(cut.directory.beat(instance, { now: performance.now(), wall: new Date() }));
    expect(await cut.register('asr', 'two')).toMatchObject({ incarnation: 1 });
    await reset;
    await cut.writer.close();
    expect(await causes(other)).toEqual(['registered', 'heartbeat', 'registered']);
    await eventually(
      async () => known(other),
      (seen) => seen.length === 2,
    );
    expect(known(other)).toEqual(known(cut));
  });

  test('dark: counted from the last answer, not from the deadline of a question in vain', async () => {
    const { proxy, cut } = await pair();
    await eventually(
      async () => cut.store.unheardMs,
      (ms) => ms < 500,
    );
    proxy.blackHole();
    const unheardMs = await eventually(
      async () => cut.store.unheardMs,
      (ms) => ms >= 3_000,
    );
    expect(unheardMs).toBeLessThan(4_500);
    expect(cut.store.healthy).toBe(true);
    proxy.heal();
    await eventually(
      async () => cut.store.unheardMs,
      (ms) => ms < 1_500,
    );
  });

  test('nobody can tell what became of a COMMIT: that is said, and asking again makes it good', async () => {
    const { proxy, cut, other } = await pair();
    const dark = proxy.when({ direction: 'down', bytes: 'COMMIT', moment: 'before' }, () =>
      proxy.blackHole(),
    );
    const started = performance.now();
    const answer = cut.register('asr', 'one');
    await dark;
    await eventually(
      async () => cut.store.healthy,
      (healthy) => !healthy,
    );
    expect(performance.now() - started).toBeLessThan(7_000);
    await expect(answer).rejects.toThrow(/not known whether .* Ask again/);
    expect(performance.now() - started).toBeLessThan(12_000);
    proxy.heal();
    await eventually(async () => cut.store.healthy, Boolean);
    // It was stored: the replica learns of its own change like of any other.
    await eventually(
      async () => known(cut),
      (seen) => seen.length === 1,
    );
    expect(await cut.register('asr', 'one')).toMatchObject({ incarnation: 2 });
    expect(await causes(other)).toEqual(['registered', 'registered-again']);
  }, 30_000);

  test('connections that died without a word are found out together, not one after the other', async () => {
    const { proxy, cut, other } = await pair();
    // Each has been used, and rests.
    await cut.register('asr', 'one');
    await Promise.all([cut.writer.catchUp(), causes(cut), causes(cut)]);
    proxy.orphan();
    const started = performance.now();
    await other.register('asr', 'two');
    await eventually(
      async () => known(cut),
      (seen) => seen.length === 2,
    );
    expect(performance.now() - started).toBeLessThan(7_900);
  });

  test('a replica that falls silent in a commit holds the others up for seconds, not for ever', async () => {
    const { proxy, cut, other } = await pair();
    const dark = proxy.when({ direction: 'up', bytes: 'insert into "audit"', moment: 'before' }, () => {
      proxy.blackHole();
    });
    const lost = expect(cut.register('asr', 'one')).rejects.toThrow(/Nothing was changed/);
    await dark;
    const started = performance.now();
    await other.register('asr', 'two');
    expect(performance.now() - started).toBeLessThan(4_000);
    await lost;
    proxy.heal();
    await eventually(
      async () => known(cut),
      (seen) => seen.length === 1,
    );
    expect(await cut.register('asr', 'one')).toMatchObject({ incarnation: 1 });
  }, 20_000);

  test('after a crash of PostgreSQL both come back by themselves, and hear of each other at once', async () => {
    const { database, cut, other } = await pair();
    await cut.register('asr', 'one');
    const [backend] = await ask(
      engine,
      database,
      'select pid from pg_stat_activity where pid <> pg_backend_pid() limit 1',
    );
    // PostgreSQL ends every connection and recovers where one of its processes is killed.
    process.kill(Number(backend?.pid), 'SIGKILL');
    await eventually(
      () =>
        cut.register('asr', 'two').then(
          () => true,
          () => false,
        ),
      Boolean,
    );
    await eventually(
      async () => known(other),
      (seen) => seen.length === 2,
    );
    await eventually(async () => cut.store.healthy && other.store.healthy, Boolean);
    await expectHeardAtOnce(cut, other);
    expect((await causes(other)).filter((cause) => cause === 'registered')).toHaveLength(7);
  });

  test('a replica that starts before PostgreSQL waits for it', async () => {
    const database = await emptyDatabase(engine);
    const proxy = await startProxy(engine.port);
    onTestFinished(() => proxy.close());
    proxy.cut();
    const starting = startReplica(proxy.port, database);
    await eventually(
      async () => proxy.accepted,
      (tries) => tries >= 2,
    );
    proxy.heal();
    expect(known(await starting)).toEqual([]);
  });

  test('what is on the way when a replica closes is written', async () => {
    const { cut, other } = await pair();
    const registered = cut.register('asr', 'last');
    await cut.writer.close();
    await cut.store.close();
    await registered;
    await other.writer.catchUp();
    expect(known(other)).toHaveLength(1);
  });
});
