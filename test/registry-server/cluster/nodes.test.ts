// Instances as a reader sees them that knows nothing of the registry but the layout of its nodes in ZooKeeper.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Engine, missingPackages, startEngine } from '../../support/engines.js';
import { eventually } from '../../support/start-registry.js';
import { startProxy } from '../../support/tcp-proxy.js';
import { World } from './replica-nodes.js';

const without = missingPackages().includes('zookeeper') && process.env.CI === undefined;

describe.skipIf(without)(`the nodes of instances${without ? ', without a ZooKeeper' : ''}`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine('zookeeper');
  });
  afterAll(() => engine?.close());

  it('have the layout of the deployed Config Service, and follow registration, state and removal', async () => {
    const world = await World.begin(engine);
    await world.replica();
    await world.register('asr', 'asr-1', {
      url: 'http://asr:8000',
      healthUrl: 'http://asr:8000/health',
      metadata: { zone: 'a', status: 'starting', service_url: 'http://other', regctl: 'x' },
    });
    await world.agree();
    expect(await world.reader.instances('asr')).toEqual({
      'asr-1': {
        ephemeral: true,
        node: {
          health_check_url: 'http://asr:8000/health',
          zone: 'a',
          instance_id: 'asr-1',
          service_url: 'http://asr:8000',
          status: 'starting',
          regctl: 1,
        },
      },
    });

    world.beat('asr', 'asr-1');
    await world.register('asr', 'asr-2');
    await world.register('nmt', 'nmt-1', { metadata: { status: 'stopping', note: 'x'.repeat(16_000) } });
    expect(await world.agree()).toEqual([
      'asr/asr-1 healthy http://asr:8000',
      'asr/asr-2 starting http://asr-2:8000',
      'nmt/nmt-1 stopping http://nmt-1:8000',
    ]);

    await world.register('asr', 'asr-2', { url: 'http://moved:1' });
    await world.deregister('asr', 'asr-1');
    await world.deregister('nmt', 'nmt-1');
    expect(await world.agree()).toEqual(['asr/asr-2 starting http://moved:1']);
    // Nothing is left of a service without instances.
    await eventually(
      () => world.reader.listServices(),
      (names) => names.join() === 'asr',
    );
    await world.register('nmt', 'nmt-1');
    await world.agree();
  });

  it('are all there soon where thousands of services register at once', async () => {
    const world = await World.begin(engine);
    await world.replica();
    const names = Array.from({ length: 3_000 }, (_, i) => `service-${i}`);
    await Promise.all(names.map((name) => world.register(name, 'only')));
    await eventually(
      async () => (await world.reader.listServices()).length,
      (count) => count === names.length,
    );
    await eventually(
      async () => (await world.reader.all()).length,
      (count) => count === names.length,
    );
    expect(await world.reader.all()).toEqual(names.map((name) => `${name}/only`).sort());
  }, 30_000);

  it('are followed on where the connection was lost and is back in the same session', async () => {
    const world = await World.begin(engine);
    const proxy = await startProxy(engine.port);
    onTestFinished(() => proxy.close());
    const { zookeeper } = await world.replica(proxy.port);
    await world.register('asr', 'asr-1');
    await world.register('asr', 'asr-2');
    await world.agree();
    const lost = new Promise<void>((resolve) => {
      zookeeper.onConnection((connected) => connected || resolve());
    });
    proxy.reset();
    await lost;
    // Both while nobody is told, and then.
    await world.reader.deregister('asr', 'asr-1');
    await world.register('nmt', 'nmt-1');
    await eventually(
      async () => world.directorySays(),
      (all) => all.length === 2,
    );
    await world.reader.deregister('asr', 'asr-2');
    await eventually(
      async () => world.directorySays(),
      (all) => all.length === 1,
    );
    expect(await world.agree()).toEqual(['nmt/nmt-1 starting http://nmt-1:8000']);
    expect(zookeeper.session).toBe(1);
  });

  it('are put back in a new session', async () => {
    const world = await World.begin(engine);
    const proxy = await startProxy(engine.port);
    onTestFinished(() => proxy.close());
    const { zookeeper } = await world.replica(proxy.port);
    await world.register('asr', 'asr-1');
    await world.register('nmt', 'nmt-1');
    await world.agree();
    proxy.cut();
    // The session has expired: its nodes are gone, and nobody is deregistered for it.
    await eventually(
      () => world.reader.all(),
      (seen) => seen.length === 0,
    );
    proxy.heal();
    world.beat('asr', 'asr-1');
    expect(await world.agree()).toHaveLength(2);
    expect(world.find('nmt', 'nmt-1')?.incarnation).toBe(1);
    expect(zookeeper.session).toBe(2);
  });

  it('are taken over from a replica that leaves, without a reader ever missing one', async () => {
    const world = await World.begin(engine);
    const first = await world.replica();
    const names = Array.from({ length: 100 }, (_, i) => `service-${i}`);
    await Promise.all(names.map((name) => world.register(name, 'only')));
    await world.agree();
    let looks = 0;
    const missed = new Set<string>();
    for (const name of names)
      await world.reader.follow(name, ({ length }) => {
        looks += 1;
        if (length === 0) missed.add(name);
      });

    const second = await world.replica();
    await eventually(
      async () => second.lines.all.filter((line) => line.startsWith('nodes were taken over')).length,
      (lines) => lines > 0,
    );
    await first.leave();
    // Each was seen at first, and when it changed hands.
    await eventually(
      async () => looks,
      (seen) => seen >= 2 * names.length,
    );
    expect([...missed]).toEqual([]);
    expect(await world.agree()).toHaveLength(100);
    expect(first.lines.all.at(-1)).toMatch(/^\d+ nodes of instances were handed over to other replicas$/);
  });

  it('are put back by the others where a replica died', async () => {
    const world = await World.begin(engine);
    const proxy = await startProxy(engine.port);
    onTestFinished(() => proxy.close());
    const [first, second] = await Promise.all([world.replica(proxy.port), world.replica()]);
    const names = Array.from({ length: 20 }, (_, i) => `service-${i}`);
    await Promise.all(names.map((name) => world.register(name, 'only')));
    await world.agree();
    expect(names.filter((name) => first.members.keeps(name)).length).toBeGreaterThan(0);
    proxy.cut();
    await eventually(
      async () => second.members.others.length,
      (others) => others === 0,
    );
    await eventually(
      () => world.reader.all(),
      (seen) => seen.length === names.length,
    );
    proxy.heal();
    await eventually(
      async () => second.members.others.length,
      (others) => others === 1,
    );
    expect(await world.agree()).toHaveLength(20);
    expect([...world.directory.catalog.instances()]).toHaveLength(20);
  });

  it('of nobody who is registered are removed, and what an operator wiped is put back', async () => {
    const world = await World.begin(engine);
    // What a replica left that died between a deregistration and the removal of its node.
    await world.reader.register('asr', 'gone', { service_url: 'http://gone:1', regctl: 3 });
    const { lines } = await world.replica();
    await world.register('asr', 'asr-1');
    expect(await world.agree()).toEqual(['asr/asr-1 starting http://asr-1:8000']);
    await world.reader.wipe('asr');
    expect(await world.agree()).toEqual(['asr/asr-1 starting http://asr-1:8000']);
    await eventually(
      async () => lines.all,
      (all) =>
        all.includes(`nodes of nobody who is registered were removed: ${world.base}/asr/instances/gone`),
    );
  });
});
