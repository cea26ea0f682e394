// The client of ZooKeeper, on a real one: what it promises when connections and sessions come and go.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  connectZookeeper,
  type Zookeeper,
  ZookeeperRefused,
  ZookeeperUnavailable,
} from '../../../src/registry-server/cluster/zookeeper.js';
import { type Engine, missingPackages, startEngine } from '../../support/engines.js';
import { eventually } from '../../support/start-registry.js';
import { startProxy, type TcpProxy } from '../../support/tcp-proxy.js';

const missing = missingPackages().filter((name) => name === 'zookeeper');
const without = missing.length > 0 && process.env.CI === undefined;

const SESSION_MS = 1_500;
const text = (data: string) => Buffer.from(data);
const quiet = { info: () => undefined, warn: () => undefined };

describe.skipIf(without)(`ZooKeeper${without ? ', which is not here' : ''}`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine('zookeeper');
  });
  afterAll(() => engine.close());

  /** Each test in a place of its own. */
  let places = 0;

  async function connect(servers = engine.address, place = `/t${++places}/a`): Promise<Zookeeper> {
    const options = { sessionTimeoutMs: SESSION_MS, log: quiet };
    const zookeeper = connectZookeeper({ servers: `${servers}${place}`, ...options });
    onTestFinished(() => zookeeper.close());
    await until(() => zookeeper.connected);
    await zookeeper.createAll('/');
    return zookeeper;
  }

  async function throughProxy(): Promise<{ zookeeper: Zookeeper; proxy: TcpProxy; other: Zookeeper }> {
    const proxy = await startProxy(engine.port);
    onTestFinished(() => proxy.close());
    const place = `/t${++places}`;
    const other = await connect(undefined, place);
    return { zookeeper: await connect(`127.0.0.1:${proxy.port}`, place), proxy, other };
  }

  const until = (holds: () => boolean) => eventually(async () => holds(), Boolean);

  it('keeps nodes, under a root that need not be there', async () => {
    const zookeeper = await connect();
    expect(await zookeeper.create('/x', text('one'))).toBe(true);
    expect(await zookeeper.create('/x', text('two'))).toBe(false);
    expect(await zookeeper.create('/x/mine', text(''), { ephemeral: true })).toBe(true);
    const stays = '0'.repeat(16);
    expect(await zookeeper.get('/x')).toEqual({ data: text('one'), version: 0, owner: stays });
    expect(await zookeeper.get('/x/mine')).toMatchObject({ owner: zookeeper.sessionId });
    expect(zookeeper.sessionId).not.toBe(stays);
    expect(await zookeeper.children('/')).toEqual(['x']);
    expect(await zookeeper.set('/x', text('three'), 1)).toBe(false);
    expect(await zookeeper.set('/x', text('three'), 0)).toBe(true);
    expect(await zookeeper.remove('/x/mine')).toBe(true);
    expect(await zookeeper.remove('/x', 0)).toBe(false);
    expect(await zookeeper.remove('/x', 1)).toBe(true);
    expect(await zookeeper.get('/x')).toBeUndefined();
    expect(await zookeeper.children('/x')).toBeUndefined();
    await expect(zookeeper.create('/no/parent', text(''))).rejects.toThrow(ZookeeperRefused);
  });

  it('does all of a transaction or nothing, on the condition of a version, also of the first', async () => {
    const zookeeper = await connect();
    const create = { kind: 'create', path: '/b', data: text('b') } as const;
    await zookeeper.create('/a', text('1'));
    await zookeeper.set('/a', text('2'));
    expect(await zookeeper.transact([create, { kind: 'remove', path: '/a', version: 0 }])).toBe(false);
    expect(await zookeeper.transact([create, { kind: 'check', path: '/a', version: 0 }])).toBe(false);
    expect(await zookeeper.children('/')).toEqual(['a']);
    expect(await zookeeper.transact([create, { kind: 'set', path: '/a', data: text('3'), version: 1 }])).toBe(
      true,
    );
    expect(await zookeeper.transact([create])).toBe(false);
    expect(await zookeeper.transact([])).toBe(true);
  });

  it('calls a watch once, however often it was left', async () => {
    const zookeeper = await connect();
    await zookeeper.create('/x', text('1'));
    const calls: string[] = [];
    // Of an emitter that more and more listen to.
    const warned = (warning: Error) => void calls.push(warning.name);
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    const data = () => void calls.push('data');
    const names = () => void calls.push('names');
    for (let i = 0; i < 20; i += 1) await zookeeper.get('/x', data);
    await zookeeper.children('/', names);
    expect(await zookeeper.get('/none', () => calls.push('none'))).toBeUndefined();
    await zookeeper.set('/x', text('2'));
    await zookeeper.set('/x', text('3'));
    await zookeeper.create('/none', text(''));
    await zookeeper.get('/x');
    expect(calls).toEqual(['data', 'names']);
  });

  it('takes its session up again after a cut, and then calls what may have changed', async () => {
    const { zookeeper, proxy, other } = await throughProxy();
    const { sessionId } = zookeeper;
    await zookeeper.create('/mine', text(''), { ephemeral: true });
    await zookeeper.create('/x', text(''));
    const seen: unknown[] = [];
    zookeeper.onConnection((connected) => seen.push(connected));
    await zookeeper.get('/x', () => seen.push('watch'));
    await zookeeper.get('/none', () => seen.push('none'));
    proxy.cut();
    await until(() => !zookeeper.connected);
    await expect(zookeeper.get('/x')).rejects.toThrow(ZookeeperUnavailable);
    await other.set('/x', text('while it was away'));
    proxy.heal();
    await until(() => zookeeper.connected);
    expect(seen).toEqual([false, 'watch', true]);
    expect([zookeeper.session, zookeeper.sessionId]).toEqual([1, sessionId]);
    expect(await zookeeper.children('/')).toEqual(expect.arrayContaining(['mine', 'x']));
  });

  it('notices a connection that went dead, and gives every call up that waits for it', async () => {
    const { zookeeper, proxy } = await throughProxy();
    proxy.blackHole();
    const call = zookeeper.get('/');
    const begun = performance.now();
    await expect(call).rejects.toThrow(ZookeeperUnavailable);
    expect(performance.now() - begun).toBeLessThan(SESSION_MS);
    expect(zookeeper.connected).toBe(false);
    proxy.heal();
    await until(() => zookeeper.connected);
  });

  it('notices a dead connection that nobody asks anything', async () => {
    const { zookeeper, proxy } = await throughProxy();
    proxy.blackHole();
    const begun = performance.now();
    await until(() => !zookeeper.connected);
    expect(performance.now() - begun).toBeLessThan(SESSION_MS * 1.2);
  });

  it('begins a new session where the old one has expired: its nodes are gone, and so are its watches', async () => {
    const { zookeeper, proxy, other } = await throughProxy();
    await zookeeper.create('/mine', text(''), { ephemeral: true });
    const seen: unknown[] = [];
    zookeeper.onSession(() => seen.push(['session', zookeeper.session, zookeeper.connected]));
    await zookeeper.children('/', () => seen.push('watch'));
    proxy.cut();
    await eventually(
      () => other.children('/'),
      (names) => names?.length === 0,
    );
    proxy.heal();
    await until(() => zookeeper.connected);
    expect(seen).toEqual([['session', 2, true]]);
    await other.create('/x', text(''));
    expect(await zookeeper.children('/')).toEqual(['x']);
    expect(seen).toHaveLength(1);
  });

  it('goes on to the next server of the list', async () => {
    const dead = await startProxy(engine.port);
    onTestFinished(() => dead.close());
    dead.cut();
    const place = `/t${++places}`;
    const list = `127.0.0.1:${dead.port},${engine.address}`;
    const both = await Promise.all([connect(list, place), connect(list, place)]);
    expect(both.map(({ connected }) => connected)).toEqual([true, true]);
  });

  it('is closed within a second where ZooKeeper does not answer', async () => {
    const { zookeeper, proxy } = await throughProxy();
    proxy.blackHole();
    const begun = performance.now();
    await zookeeper.close();
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(zookeeper.connected).toBe(false);
  });

  it('lets its nodes go at once when it is closed', async () => {
    const { zookeeper, other } = await throughProxy();
    await zookeeper.create('/mine', text(''), { ephemeral: true });
    await zookeeper.close();
    expect(await other.children('/')).toEqual([]);
  });
});
