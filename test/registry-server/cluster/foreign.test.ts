// A deployed Config Service on the same ZooKeeper, side by side with this registry: each has what the other registers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditRow } from '../../../src/wire/audit.js';
import { type Engine, missingPackages, startEngine } from '../../support/engines.js';
import { eventually } from '../../support/start-registry.js';
import { ZookeeperReader } from '../../support/zookeeper-reader.js';
import { World } from './replica-nodes.js';

const without = missingPackages().includes('zookeeper') && process.env.CI === undefined;

describe.skipIf(without)(`a deployed Config Service${without ? ', without a ZooKeeper' : ''}`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine('zookeeper');
  });
  afterAll(() => engine?.close());

  /** Resolves once the directory has the instance at the address; 'gone' for none. */
  const has = (world: World, id: string, url: string) =>
    eventually(
      async () => world.find('asr', id)?.url ?? 'gone',
      (seen) => seen === url,
    );
  const audit = async (world: World): Promise<AuditRow[]> => world.store.audit({ limit: 100 });
  const nodeOf = async (world: World, id: string) => (await world.reader.instances('asr'))[id]?.node;

  it('registers, updates and deregisters an instance of this registry', async () => {
    const world = await World.begin(engine);
    const { lines } = await world.replica();
    const node = { service_url: 'http://asr:1', health_check_url: 'http://asr:1/health', status: 'healthy' };
    await world.reader.register('asr', 'asr-1', node);
    await has(world, 'asr-1', 'http://asr:1');
    expect(world.find('asr', 'asr-1')).toMatchObject({
      state: 'healthy',
      healthUrl: 'http://asr:1/health',
      registeredFrom: 'zookeeper',
    });

    await world.reader.register('asr', 'asr-1', { ...node, service_url: 'http://asr:2' });
    await has(world, 'asr-1', 'http://asr:2');
    // Its node is its own affair, whatever becomes of the instance here.
    world.beat('asr', 'asr-1');
    await world.register('asr', 'asr-2');
    await world.agree();
    expect(await nodeOf(world, 'asr-1')).toEqual({
      ...node,
      service_url: 'http://asr:2',
      instance_id: 'asr-1',
    });

    await world.reader.deregister('asr', 'asr-1');
    await has(world, 'asr-1', 'gone');
    expect((await audit(world)).filter(({ instance_id }) => instance_id === 'asr-1')).toMatchObject([
      { actor: 'zookeeper', cause: 'registered' },
      { actor: 'zookeeper', cause: 'address-changed' },
      { actor: 'registry', cause: 'heartbeat' },
      { actor: 'zookeeper', cause: 'deregistered', detail: 'its node is gone' },
    ]);
    const path = `${world.base}/asr/instances/asr-1`;
    await eventually(
      async () => lines.all.filter((line) => line.includes(path)),
      (told) =>
        told.join() ===
        `registered by a Config Service on the same ZooKeeper: ${path},deregistered, because its node is gone in ZooKeeper: ${path}`,
    );
  });

  it('that restarts, and whose services register again, is no deregistration', async () => {
    const world = await World.begin(engine);
    await world.replica();
    const former = await ZookeeperReader.connect(engine.address, world.base);
    await former.register('asr', 'asr-1', { service_url: 'http://asr:1' });
    await former.register('asr', 'asr-2', { service_url: 'http://asr:2' });
    await has(world, 'asr-1', 'http://asr:1');
    await has(world, 'asr-2', 'http://asr:2');
    former.close();
    await eventually(
      () => world.reader.all(),
      (seen) => seen.length === 0,
    );
    await world.reader.register('asr', 'asr-1', { service_url: 'http://asr:1' });
    // Who does not come back is waited for, and deregistered then.
    await has(world, 'asr-2', 'gone');
    expect(world.find('asr', 'asr-1')?.incarnation).toBe(1);
  });

  it('takes over an instance of this registry, and gives it back', async () => {
    const world = await World.begin(engine);
    await world.replica();
    await world.register('asr', 'asr-1', { url: 'http://ours:1' });
    await world.register('asr', 'asr-2', { url: 'http://ours:2' });
    await world.agree();

    // It writes over the node, or deletes it and makes another.
    await world.reader.register('asr', 'asr-1', { service_url: 'http://theirs:1' });
    await world.reader.deregister('asr', 'asr-2');
    await world.reader.register('asr', 'asr-2', { service_url: 'http://theirs:2' });
    await has(world, 'asr-1', 'http://theirs:1');
    await has(world, 'asr-2', 'http://theirs:2');
    expect(await nodeOf(world, 'asr-2')).toEqual({ instance_id: 'asr-2', service_url: 'http://theirs:2' });

    await world.register('asr', 'asr-1', { url: 'http://ours:1' });
    await eventually(
      () => nodeOf(world, 'asr-1'),
      (node) => (node as { regctl?: number }).regctl === 3,
    );
    expect(await nodeOf(world, 'asr-1')).toMatchObject({ service_url: 'http://ours:1', status: 'starting' });
    expect(world.find('asr', 'asr-1')?.registeredFrom).toBe('127.0.0.1');
  });

  it('deregisters an instance of this registry, and the reverse', async () => {
    const world = await World.begin(engine);
    await world.replica();
    await world.register('asr', 'ours');
    await world.reader.register('asr', 'theirs', { service_url: 'http://theirs:1' });
    await has(world, 'theirs', 'http://theirs:1');
    await eventually(
      () => world.reader.all(),
      (seen) => seen.length === 2,
    );

    await world.reader.deregister('asr', 'ours');
    await has(world, 'ours', 'gone');
    expect((await audit(world)).at(-1)).toMatchObject({
      instance_id: 'ours',
      actor: 'zookeeper',
      cause: 'deregistered',
      detail: 'its node was deleted',
    });

    await world.deregister('asr', 'theirs');
    await eventually(
      () => world.reader.all(),
      (seen) => seen.length === 0,
    );
    expect(world.find('asr', 'theirs')).toBeUndefined();
  });

  it('is adopted from by one of several replicas, once', async () => {
    const world = await World.begin(engine);
    const replicas = await Promise.all([world.replica(), world.replica(), world.replica()]);
    await eventually(
      async () => replicas.every(({ members }) => members.others.length === 2),
      (all) => all,
    );
    const names = Array.from({ length: 30 }, (_, i) => `service-${i}`);
    for (const name of names) await world.reader.register(name, 'only', { service_url: `http://${name}:1` });
    await eventually(
      async () => [...world.directory.catalog.instances()].length,
      (count) => count === 30,
    );
    const [first] = replicas;
    await first?.leave();
    await world.reader.register('asr', 'late', { service_url: 'http://late:1' });
    await has(world, 'late', 'http://late:1');
    expect((await audit(world)).map(({ cause }) => cause)).toEqual(Array(31).fill('registered'));
  });

  it('may write anything: what is no registration is ignored, said once, and breaks no other', async () => {
    const world = await World.begin(engine);
    const { lines } = await world.replica();
    await world.register('asr', 'ours', { url: 'http://ours:1' });
    await world.agree();
    const garbage: [service: string, id: string, node: Record<string, unknown> | string][] = [
      ['asr', 'text', 'hello'],
      ['asr', 'bogus', { service_url: 'http://asr:1', status: 'bogus' }],
      ['asr', 'nowhere', { status: 'healthy' }],
      ['asr', 'huge', { service_url: 'http://asr:1', note: 'x'.repeat(900_000) }],
      ['asr', 'no name', { service_url: 'http://asr:1' }],
      ['a b', 'asr-1', { service_url: 'http://asr:1' }],
      ['asr', 'ours', 'garbage over a node of ours'],
    ];
    for (const [service, id, node] of garbage) await world.reader.register(service, id, node);
    await world.reader.register('asr', 'good', { service_url: 'http://good:1', status: 'healthy' });
    await has(world, 'good', 'http://good:1');
    // A refused registration changes nothing.
    await eventually(
      () => nodeOf(world, 'ours'),
      (node) => (node as { service_url?: string }).service_url === 'http://ours:1',
    );
    await world.reader.register('asr', 'text', 'hello again');
    await world.reader.register('asr', 'later', { service_url: 'http://later:1' });
    await has(world, 'later', 'http://later:1');
    expect(world.directorySays()).toEqual([
      'asr/good healthy http://good:1',
      'asr/later starting http://later:1',
      'asr/ours starting http://ours:1',
    ]);
    const noName = expect.stringMatching(/^its name is not 1 to 100 of letters/);
    const warned = async () =>
      lines.all.flatMap((line) => {
        const [, path, why] = /^the node "\/\w+\/(.+)" is ignored: (.+)$/.exec(line) ?? [];
        return path === undefined ? [] : [[path, why]];
      });
    expect((await eventually(warned, ({ length }) => length >= 7)).sort()).toEqual([
      ['a b', noName],
      ['asr/instances/bogus', expect.stringMatching(/^status: must be one of starting, /)],
      ['asr/instances/huge', expect.stringMatching(/^it has 9000\d\d bytes$/)],
      ['asr/instances/no name', noName],
      ['asr/instances/nowhere', 'service_url: field required'],
      ['asr/instances/ours', 'it is not JSON'],
      ['asr/instances/text', 'it is not JSON'],
    ]);
  });

  it('touches nothing that a token owns, and owns nothing, where tokens are asked for', async () => {
    const world = await World.begin(engine);
    const { lines } = await world.replica(engine.port, { tokens: true });
    await world.register('asr', 'asr-1', { owner: 42 });
    await world.agree();
    await world.reader.register('asr', 'asr-1', { service_url: 'http://thief:1' });
    await world.agree();
    await world.reader.register('asr', 'asr-2', { service_url: 'http://thief:1' });
    await eventually(
      async () => lines.all.filter((line) => line.includes('comes without a token')),
      (told) => told.some((line) => line.includes('asr-2')),
    );
    await world.reader.deregister('asr', 'asr-1');
    await eventually(() => nodeOf(world, 'asr-1'), Boolean);
    // It squats on no name either.
    await world.reader.register('nmt', 'nmt-1', { service_url: 'http://nmt:1', service_id: 43 });
    await eventually(async () => world.find('nmt', 'nmt-1'), Boolean);
    expect(world.find('nmt', 'nmt-1')?.serviceId).toBeNull();
    expect(world.find('asr', 'asr-1')?.url).toBe('http://asr-1:8000');
    expect(world.find('asr', 'asr-2')).toBeUndefined();
    expect((await audit(world)).map(({ instance_id, cause }) => [instance_id, cause])).toEqual([
      ['asr-1', 'registered'],
      ['nmt-1', 'registered'],
    ]);
  });

  it('changes nothing here by what it does while every replica is read-only', async () => {
    const world = await World.begin(engine);
    const reading = await world.replica(engine.port, { readOnly: true });
    await world.register('asr', 'asr-1');
    await world.agree();
    await world.reader.register('asr', 'asr-2', { service_url: 'http://asr:2', status: 'healthy' });
    await world.reader.deregister('asr', 'asr-1');
    await world.register('nmt', 'nmt-1');
    await eventually(async () => (await world.reader.instances('nmt'))['nmt-1'], Boolean);
    expect(world.directorySays()).toHaveLength(2);
    await reading.leave();
    await world.replica();
    await world.agree();
    expect(world.directorySays()).toHaveLength(3);
  });

  it('and no administrator deregisters everybody by deleting their nodes', async () => {
    const world = await World.begin(engine);
    await world.replica();
    const ids = Array.from({ length: 8 }, (_, i) => `asr-${i}`);
    await Promise.all(ids.map((id) => world.register('asr', id)));
    await world.agree();
    // As `deleteall` does: their parent, which is deleted after all of them, stays for longer than one alone is waited for.
    for (const id of ids) await world.reader.deregister('asr', id);
    await eventually(
      async () => (await world.reader.all()).length,
      (left) => left === 8,
    );
    await world.agree();
    expect((await audit(world)).filter(({ cause }) => cause === 'deregistered')).toEqual([]);
  });
});
