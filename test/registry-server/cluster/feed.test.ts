// What one replica tells reaches all others, on a real ZooKeeper behind a proxy for each; PostgreSQL is a list here.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { decodeEntry, encodeEntry, inEntries } from '../../../src/registry-server/cluster/entry.js';
import { Feed, type FeedTimings } from '../../../src/registry-server/cluster/feed.js';
import { connectZookeeper } from '../../../src/registry-server/cluster/zookeeper.js';
import type { Observation } from '../../../src/registry-server/observation.js';
import { SYSTEM_CLOCK } from '../../../src/registry-server/settings.js';
import { type Engine, missingPackages, startEngine } from '../../support/engines.js';
import { eventually } from '../../support/start-registry.js';
import { startProxy } from '../../support/tcp-proxy.js';

const missing = missingPackages().filter((name) => name === 'zookeeper');
const without = missing.length > 0 && process.env.CI === undefined;

const A = 'aaaaaaaaaaaa';
const B = 'bbbbbbbbbbbb';
const C = 'cccccccccccc';
const OWN = '/regctl/services';
/** Five times as fast as it runs. */
const FAST: FeedTimings = { coalesceMs: 30, signOfLifeMs: 200, spoolAfterMs: 400, staleAfterMs: 600 };

const beat = (id: string, agoMs = 0): Observation => {
  return { kind: 'beat', service: 'orders', id, incarnation: 1, agoMs, named: true };
};

describe('an entry', () => {
  const all: Observation[] = [
    { kind: 'beat', service: 'orders', id: 'o-1', incarnation: 7, agoMs: 5, named: false },
    { kind: 'ambiguous-beat', service: 'orders', id: 'o-2', incarnation: 8, agoMs: 0 },
    {
      kind: 'checked',
      service: 'stock',
      id: 's-1',
      incarnation: 9,
      agoMs: 1,
      failures: 3,
      failingMs: 90_000,
    },
    { kind: 'lease', service: 'stock', id: 's-2', incarnation: 1, agoMs: 30_000, named: true },
    { kind: 'known', serviceId: 42, address: '10.0.0.1' },
    { kind: 'released', service: 'orders' },
  ];
  const told = all.map((observation) => ({ observation, at: 1_000 }));

  it('says what was told, older by as long as it has waited', () => {
    expect(decodeEntry(encodeEntry(A, 3, told, 1_000))).toEqual({ sender: A, seq: 3, observations: all });
    const later = decodeEntry(encodeEntry(A, 3, told, 1_250)).observations;
    expect(later.map((each) => ('agoMs' in each ? each.agoMs : undefined))).toEqual([
      255,
      250,
      251,
      30_250,
      undefined,
      undefined,
    ]);
  });

  it.each<[string, unknown]>([
    ['no JSON', '[1,'],
    ['no array', { sender: A }],
    ['of another version', [2, A, 1, [], []]],
    ['of no sender', [1, '../etc', 1, [], []]],
    ['without a number', [1, A, 0, [], []]],
    ['with a service that is no name', [1, A, 1, ['a/b'], []]],
    ['with a service it does not name', [1, A, 1, ['orders'], [['r', 1]]]],
    ['with an id that is no name', [1, A, 1, ['orders'], [['a', 0, 'x'.repeat(101), 1, 0]]]],
    ['from the future', [1, A, 1, ['orders'], [['a', 0, 'o-1', 1, -1]]]],
    ['with half a row', [1, A, 1, ['orders'], [['b', 0]]]],
    ['too long', ' '.repeat(600_000)],
  ])('that is %s cannot be read', (_, document) => {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    expect(() => decodeEntry(Buffer.from(text))).toThrow(/^(it |Invalid|must be)/);
  });

  it('leaves out what only a newer replica knows', () => {
    const text = JSON.stringify([
      1,
      A,
      1,
      ['orders'],
      [
        ['new', { a: 1 }],
        ['r', 0],
      ],
    ]);
    expect(decodeEntry(Buffer.from(text)).observations).toEqual([{ kind: 'released', service: 'orders' }]);
  });

  it('takes no more than a node does: the rest goes into the next', () => {
    const long = 'n'.repeat(100);
    const many = Array.from({ length: 9_000 }, (_, i) => {
      return {
        observation: { ...beat(`${long.slice(6)}${i}`), service: long.slice(5) + (i % 1_000) },
        at: 0,
      };
    });
    const parts = inEntries(many as typeof told);
    expect(parts.length).toBeGreaterThan(1);
    const entries = parts.map((part, i) => encodeEntry(A, i + 1, part, 0));
    for (const { length } of entries) expect(length).toBeLessThanOrEqual(512 * 1024);
    expect(entries.flatMap((bytes) => decodeEntry(bytes).observations)).toHaveLength(9_000);
  });
});

describe.skipIf(without)(`the feed${without ? ', without ZooKeeper, which is not here' : ''}`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine('zookeeper');
  });
  afterAll(() => engine.close());

  let places = 0;

  /** Replicas that share one place in ZooKeeper and one list for PostgreSQL. */
  function cluster() {
    const place = `/t${++places}`;
    const postgres = { down: false, rows: 0 };
    const feeds: Feed[] = [];
    const spool = async (entries: readonly Uint8Array[]): Promise<void> => {
      if (postgres.down) throw new Error('PostgreSQL is down');
      postgres.rows += entries.length;
      for (const feed of feeds) for (const entry of entries) feed.receive(entry, 0);
    };

    async function replica(self: string, sessionTimeoutMs = 1_500) {
      const proxy = await startProxy(engine.port);
      const warnings: string[] = [];
      const log = { info: () => undefined, warn: (_: object, text: string) => void warnings.push(text) };
      const servers = `127.0.0.1:${proxy.port}${place}`;
      const zookeeper = connectZookeeper({ servers, sessionTimeoutMs, log });
      const feed = new Feed({ zookeeper, own: OWN, self, spool, clock: SYSTEM_CLOCK, log, timings: FAST });
      const heard: Observation[] = [];
      feed.onObservations((observations) => void heard.push(...observations));
      feeds.push(feed);
      onTestFinished(async () => {
        await feed.close();
        await zookeeper.close();
        await proxy.close();
      });
      await eventually(async () => zookeeper.connected, Boolean);
      await feed.start();
      return { feed, proxy, zookeeper, heard, warnings };
    }
    return { replica, postgres };
  }

  const ids = (heard: readonly Observation[]) => heard.map((each) => ('id' in each ? each.id : ''));
  const until = (holds: () => boolean) => eventually(async () => holds(), Boolean);
  const sees = ({ feed }: { feed: Feed }) => until(() => feed.blindSince === undefined);

  /** Tells beats of `from` to `to`, an entry each. */
  async function tellEach(feed: Feed, from: number, to: number): Promise<string[]> {
    const told: string[] = [];
    for (let i = from; i <= to; i += 1) {
      told.push(`i-${i}`);
      feed.tell(beat(`i-${i}`));
      await feed.flush();
    }
    return told;
  }

  it('brings what each tells to all others, once and in order, and to itself never', async () => {
    const { replica } = cluster();
    const [a, b, c] = [await replica(A), await replica(B), await replica(C)];
    const told = await tellEach(a.feed, 1, 40);
    b.feed.tell(beat('of-b'));
    const ofA = (heard: Observation[]) => ids(heard).filter((id) => id !== 'of-b');
    await until(() => b.heard.length === 40 && c.heard.length === 41 && a.heard.length === 1);
    expect([ofA(b.heard), ofA(c.heard), ids(a.heard)]).toEqual([told, told, ['of-b']]);
    expect([a, b, c].map(({ feed }) => feed.blindSince)).toEqual([undefined, undefined, undefined]);
  });

  it('tells what fills the ring, as a newcomer to a large registry is told, a few entries at a time', async () => {
    const { replica } = cluster();
    const [a, b] = [await replica(A, 10_000), await replica(B, 10_000)];
    const id = 'o'.repeat(90);
    for (let i = 0; i < 50_000; i += 1) a.feed.tell(beat(id + i));
    await a.feed.flush();
    const head = await b.zookeeper.get(`${OWN}/feeds/${A}`);
    expect(JSON.parse(String(head?.data)).seq).toBeLessThan(10);
    await until(() => b.heard.length === 50_000);
    expect(b.warnings).not.toContain('news of another replica was missed');
  });

  it('tells the latest of many beats of an instance, and how long they have waited', async () => {
    const { replica } = cluster();
    const [a, b] = [await replica(A), await replica(B)];
    for (let i = 0; i < 100; i += 1) a.feed.tell(beat('i-1', 1_000 + i));
    await until(() => b.heard.length > 0);
    expect(b.heard).toEqual([{ ...beat('i-1'), agoMs: expect.any(Number) }]);
    const [first] = b.heard;
    expect(first?.kind === 'beat' && first.agoMs).toBeGreaterThanOrEqual(1_099);
    expect(first?.kind === 'beat' && first.agoMs).toBeLessThan(3_000);
  });

  it('loses nothing where a reader was cut off for a short while', async () => {
    const { replica } = cluster();
    const [a, b] = [await replica(A), await replica(B)];
    const seen: boolean[] = [];
    b.feed.onBlind((since) => seen.push(since !== undefined));
    b.proxy.cut();
    await until(() => !b.zookeeper.connected);
    expect(b.feed.blindSince).toBeDefined();
    const told = await tellEach(a.feed, 1, 10);
    expect(b.heard).toEqual([]);
    b.proxy.heal();
    await until(() => b.heard.length >= 10);
    await sees(b);
    expect(ids(b.heard)).toEqual(told);
    expect(seen).toEqual([true, false]);
  });

  it('makes a reader blind that has missed entries for good', async () => {
    const { replica } = cluster();
    const [a, b] = [await replica(A), await replica(B)];
    b.proxy.cut();
    await until(() => b.feed.blindSince !== undefined);
    await tellEach(a.feed, 1, 40);
    b.proxy.heal();
    await until(() => b.heard.length > 0);
    expect(b.feed.blindSince).toBeDefined();
    expect(b.warnings).toContain('news of another replica was missed');
    await sees(b);
    await until(() => ids(b.heard).includes('i-40'));
    expect(ids(b.heard)).toEqual(
      Array.from({ length: b.heard.length }, (_, i) => `i-${41 - b.heard.length + i}`),
    );
  });

  it('makes a reader blind to a replica that is silent, until it speaks or is gone', async () => {
    const { replica, postgres } = cluster();
    const [a, b] = [await replica(A), await replica(B)];
    postgres.down = true;
    const before = performance.now();
    a.proxy.blackHole();
    await until(() => b.feed.blindSince !== undefined);
    expect(b.zookeeper.connected).toBe(true);
    expect(b.feed.blindSince).toBeLessThan(performance.now() - FAST.staleAfterMs);
    expect(b.feed.blindSince).toBeGreaterThan(before - FAST.staleAfterMs);
    // Its session ends: then it is none of the replicas any more.
    await sees(b);
    a.proxy.heal();
    const told = await tellEach(a.feed, 1, 3);
    await until(() => b.heard.length === told.length);
    expect(ids(b.heard)).toEqual(told);
  });

  it('goes by PostgreSQL where a replica is cut off from ZooKeeper alone, and comes back', async () => {
    const { replica, postgres } = cluster();
    const [a, b] = [await replica(A), await replica(B)];
    const told = await tellEach(a.feed, 1, 5);
    await until(() => b.heard.length === 5);
    a.proxy.blackHole();
    for (let i = 6; i <= 60; i += 1) {
      told.push(`i-${i}`);
      a.feed.tell(beat(`i-${i}`));
      if (i % 10 === 0) await until(() => b.heard.length === i);
    }
    expect([a.feed.blindSince, a.feed.cutOff, postgres.rows > 0]).toEqual([expect.any(Number), false, true]);
    a.proxy.heal();
    await sees(a);
    const rows = postgres.rows;
    told.push(...(await tellEach(a.feed, 61, 70)));
    await until(() => b.heard.length >= 70);
    expect(ids(b.heard)).toEqual(told);
    expect([postgres.rows, a.heard]).toEqual([rows, []]);
  });

  it('keeps what nobody takes, and says so: it is told, and older, when one of them is back', async () => {
    const { replica, postgres } = cluster();
    const [a, b] = [await replica(A), await replica(B)];
    postgres.down = true;
    a.proxy.cut();
    await until(() => a.feed.cutOff);
    const told = await tellEach(a.feed, 1, 20);
    const begun = performance.now();
    await until(() => performance.now() - begun > 300);
    postgres.down = false;
    await until(() => b.heard.length === 20);
    expect(ids(b.heard)).toEqual(told);
    for (const each of b.heard) expect(each.kind === 'beat' && each.agoMs).toBeGreaterThanOrEqual(300);
    await until(() => !a.feed.cutOff);
    a.proxy.heal();
    await sees(a);
    await a.feed.flush();
    expect(b.heard).toHaveLength(20);
  });

  it('both ways at once where all lose ZooKeeper: the others hear it by PostgreSQL, and once', async () => {
    const { replica } = cluster();
    const [a, b] = [await replica(A), await replica(B)];
    b.proxy.cut();
    const told = await tellEach(a.feed, 1, 3);
    a.proxy.cut();
    told.push('i-4');
    a.feed.tell(beat('i-4'));
    await until(() => b.heard.length === 4);
    a.proxy.heal();
    b.proxy.heal();
    await Promise.all([sees(a), sees(b)]);
    told.push(...(await tellEach(a.feed, 5, 8)));
    await until(() => b.heard.length >= 8);
    expect(ids(b.heard)).toEqual(told);
  });

  it('tells the last when it is closed, also where its nodes go at once: nobody is blind for that', async () => {
    const { replica } = cluster();
    const b = await replica(B);
    await sees(b);
    const blind: unknown[] = [];
    b.feed.onBlind((since) => blind.push(since));
    const leaving = ['1', '2', '3', '4', '5', '6'];
    for (const name of leaving) {
      const { feed, zookeeper } = await replica(name.repeat(12));
      feed.tell(beat(name));
      await feed.close();
      await zookeeper.close();
    }
    await until(() => b.heard.length === leaving.length);
    expect([ids(b.heard), blind]).toEqual([leaving, []]);
  });

  it('does not break where a node holds what is no entry: it says so once', async () => {
    const { replica } = cluster();
    const [a, b] = [await replica(A), await replica(B)];
    await a.zookeeper.create(`${OWN}/entries/${C}-1`, Buffer.from('garbage'));
    await a.zookeeper.create(`${OWN}/feeds/${C}`, Buffer.from('{"seq":1}'));
    await until(() => b.feed.blindSince !== undefined);
    await a.zookeeper.set(`${OWN}/feeds/${C}`, Buffer.from('garbage'));
    b.feed.receive(Buffer.from('garbage'), 0);
    const told = await tellEach(a.feed, 1, 5);
    await until(() => b.heard.length === 5);
    expect(ids(b.heard)).toEqual(told);
    expect(b.warnings.filter((text) => text === `news of replica ${C} cannot be read`)).toHaveLength(1);
  });

  it('spares a newcomer what was told before it came, and hears a newcomer from its first word', async () => {
    const { replica } = cluster();
    const a = await replica(A);
    await tellEach(a.feed, 1, 5);
    const b = await replica(B);
    const told = await tellEach(b.feed, 10, 12);
    await until(() => a.heard.length === 3);
    await tellEach(a.feed, 6, 6);
    await until(() => b.heard.length > 0);
    expect([ids(a.heard), ids(b.heard)]).toEqual([told, ['i-6']]);
  });
});
