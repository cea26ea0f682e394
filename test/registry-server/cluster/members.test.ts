// Which replicas there are, on a real ZooKeeper, and which of them keeps a service.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { keeperOf, Members } from '../../../src/registry-server/cluster/members.js';
import { connectZookeeper } from '../../../src/registry-server/cluster/zookeeper.js';
import { SYSTEM_CLOCK } from '../../../src/registry-server/settings.js';
import { type Engine, missingPackages, startEngine } from '../../support/engines.js';
import { eventually } from '../../support/start-registry.js';
import { startProxy } from '../../support/tcp-proxy.js';

const missing = missingPackages().filter((name) => name === 'zookeeper');
const without = missing.length > 0 && process.env.CI === undefined;

const A = 'aaaaaaaaaaaa';
const B = 'bbbbbbbbbbbb';
const C = 'cccccccccccc';
const SERVICES = Array.from({ length: 3_000 }, (_, i) => `service-${i}`);
const log = { info: () => undefined, warn: () => undefined };

it('services are shared out evenly, and only those of a replica that goes get another keeper', () => {
  const before = SERVICES.map((service) => keeperOf(service, [A, B, C]));
  for (const member of [A, B, C]) {
    const share = before.filter((keeper) => keeper === member).length / SERVICES.length;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.37);
  }
  const after = SERVICES.map((service) => keeperOf(service, [A, C]));
  expect(after.filter((keeper, i) => keeper !== before[i] && before[i] !== B)).toEqual([]);
  expect(after).not.toContain(B);
  expect(SERVICES.map((service) => keeperOf(service, [C, B, A]))).toEqual(before);
  expect(keeperOf('service', [])).toBeUndefined();
});

describe.skipIf(without)(`members${without ? ', without ZooKeeper, which is not here' : ''}`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine('zookeeper');
  });
  afterAll(() => engine.close());

  let places = 0;

  /** A replica that is not a member yet. */
  async function replica(
    self: string,
    place: string,
    address = engine.address,
    { readOnly = false, clock = SYSTEM_CLOCK } = {},
  ) {
    const zookeeper = connectZookeeper({ servers: address + place, sessionTimeoutMs: 1_000, log });
    const members = new Members({ zookeeper, own: '/regctl/services', self, readOnly, clock, log });
    onTestFinished(() => zookeeper.close());
    await eventually(async () => zookeeper.connected, Boolean);
    return { zookeeper, members };
  }

  const lists = (members: Members, others: string[]) =>
    eventually(
      async () => members.others,
      (seen) => JSON.stringify(seen) === JSON.stringify(others),
    );

  it('see each other come and go', async () => {
    const place = `/t${++places}`;
    const [a, b] = [await replica(A, place), await replica(B, place)];
    const changes: unknown[] = [];
    a.members.onChange((change) => changes.push(change));
    expect(a.members.keeps('service-0')).toBe(false);
    await a.members.join();
    expect(SERVICES.every((service) => a.members.keeps(service))).toBe(true);
    await b.members.join();
    await lists(a.members, [B]);
    expect(b.members.others).toEqual([A]);
    const doubtful = SERVICES.filter((service) => a.members.keeps(service) === b.members.keeps(service));
    expect(doubtful).toEqual([]);
    await b.members.leave();
    expect(SERVICES.some((service) => b.members.keeps(service))).toBe(false);
    await lists(a.members, []);
    expect(changes).toEqual([
      { came: [A], went: [] },
      { came: [B], went: [] },
      { came: [], went: [B] },
    ]);
    expect(SERVICES.every((service) => a.members.keeps(service))).toBe(true);
  });

  it('whose session ends are gone, and come back by themselves; meanwhile they keep to what they knew', async () => {
    const place = `/t${++places}`;
    const proxy = await startProxy(engine.port);
    onTestFinished(() => proxy.close());
    const [a, b] = [await replica(A, place), await replica(B, place, `127.0.0.1:${proxy.port}`)];
    await Promise.all([a.members.join(), b.members.join()]);
    await lists(a.members, [B]);
    proxy.blackHole();
    await lists(a.members, []);
    expect([b.members.others, b.zookeeper.connected]).toEqual([[A], false]);
    proxy.heal();
    await lists(a.members, [B]);
    expect(b.zookeeper.session).toBe(2);
    await lists(b.members, [A]);
  });

  it('come back where an outsider deleted their node', async () => {
    const { zookeeper, members } = await replica(A, `/t${++places}`);
    await members.join();
    const path = `/regctl/services/members/${A}`;
    await zookeeper.remove(path);
    await eventually(() => zookeeper.get(path), Boolean);
    // The node is there before its replica has heard that it made it.
    await eventually(async () => members.keeps('service-0'), Boolean);
  });

  it('take over what a former session of theirs has left, and no other node passes for a member', async () => {
    const place = `/t${++places}`;
    const [a, old] = [await replica(A, place), await replica(B, place)];
    await old.zookeeper.createAll('/regctl/services/members/someone');
    await old.zookeeper.create(`/regctl/services/members/${A}`, Buffer.from(''), { ephemeral: true });
    await a.members.join();
    const node = await a.zookeeper.get(`/regctl/services/members/${A}`);
    expect(node?.owner).toBe(a.zookeeper.sessionId);
    expect(a.members.others).toEqual([]);
  });

  it('that are read-only keep services only where there is no other', async () => {
    const place = `/t${++places}`;
    const b = await replica(B, place, engine.address, { readOnly: true });
    await b.members.join();
    expect(SERVICES.every((service) => b.members.keeps(service))).toBe(true);
    const a = await replica(A, place);
    await a.members.join();
    await lists(b.members, [A]);
    await lists(a.members, [B]);
    expect(SERVICES.every((service) => a.members.keeps(service))).toBe(true);
    expect(SERVICES.some((service) => b.members.keeps(service))).toBe(false);
    await a.members.leave();
    await eventually(async () => b.members.keeps('service-0'), Boolean);
  });

  it('who came together are told of leases by one that was there, not by each other', async () => {
    const place = `/t${++places}`;
    let late = 0;
    const clock = { ...SYSTEM_CLOCK, now: () => SYSTEM_CLOCK.now() + late };
    const welcomed: string[] = [];
    const joined = async (self: string) => {
      const { members } = await replica(self, place, engine.address, { clock });
      members.onChange((change) => {
        if (members.welcomes(change)) welcomed.push(...change.came.map((came) => `${self} ${came}`));
      });
      await members.join();
      return members;
    };
    const old = await joined(C);
    late += 60_000;
    const [b, a] = [await joined(B), await joined(A)];
    for (const members of [a, b, old])
      await eventually(
        async () => members.others.length,
        (n) => n === 2,
      );
    expect(welcomed).toEqual([`${C} ${B}`, `${C} ${A}`]);
  });
});
