import { describe, expect, test } from 'vitest';
import { NotOwner } from '../../src/registry-server/plan.js';
import { Life, SECOND } from './life.js';

const HEALTH = 'http://asr:8000/health';

describe('a registration', () => {
  test('without a status is starting until its first proof of life, then healthy', () => {
    const life = new Life();
    expect(life.register('asr-1', { healthUrl: HEALTH }).state).toBe('starting');
    life.check(null);
    expect(life.state('asr-1')).toBe('healthy');
  });

  test('with a status is what it declared, and its health is checked at once', () => {
    const life = new Life();
    expect(life.register('asr-1', { healthUrl: HEALTH, metadata: { status: 'healthy' } }).state).toBe(
      'healthy',
    );
    expect(life.check(null)).toBe(1);
  });

  test('of an instance that is not listening yet is asked again within a second, and found', () => {
    const life = new Life();
    life.register('asr-1', { healthUrl: HEALTH });
    let checks = 0;
    for (let tenths = 0; tenths < 10; tenths += 1) {
      checks += life.check('connection refused');
      life.pass(100);
    }
    expect(checks).toBeGreaterThanOrEqual(3);
    expect(life.state('asr-1')).toBe('starting');
    life.pass(SECOND);
    life.check(null);
    expect(life.state('asr-1')).toBe('healthy');
  });

  test('of an instance that never answers is called unhealthy in the end, not starting', () => {
    const life = new Life();
    life.register('asr-1', { healthUrl: HEALTH });
    for (let seconds = 0; seconds < 90; seconds += 1) {
      life.check('connection refused');
      life.pass(SECOND);
    }
    expect(life.state('asr-1')).toBe('unhealthy');
  });
});

describe('a health check', () => {
  function healthy(): Life {
    const life = new Life();
    life.register('asr-1', { healthUrl: HEALTH });
    life.check(null);
    return life;
  }

  test('that fails three times in a row makes a healthy instance unhealthy; one that passes brings it back', () => {
    const life = healthy();
    life.pass(40 * SECOND);
    expect(life.check('it answered 500')).toBe(1);
    life.pass(2 * SECOND);
    expect(life.check('it answered 500')).toBe(1);
    expect(life.state('asr-1')).toBe('healthy');
    life.pass(3 * SECOND);
    expect(life.check('it answered 500')).toBe(1);
    expect(life.state('asr-1')).toBe('unhealthy');
    life.pass(40 * SECOND);
    life.check(null);
    expect(life.state('asr-1')).toBe('healthy');
  });

  test('is made every 30 s, and never evicts: a service registers only when it starts', () => {
    const life = healthy();
    expect(life.check(null)).toBe(0);
    life.pass(20 * SECOND);
    expect(life.check(null)).toBe(0);
    life.pass(15 * SECOND);
    expect(life.check('gone')).toBe(1);
    for (let hours = 0; hours < 24; hours += 1) {
      life.check('gone');
      life.pass(3600 * SECOND);
    }
    expect(life.state('asr-1')).toBe('unhealthy');
  });

  test('that had to wait longest comes first: many that do not answer keep nobody waiting for ever', () => {
    const life = new Life();
    for (const id of ['a', 'b', 'c']) life.register(id, { healthUrl: HEALTH });
    const order: string[] = [];
    for (let i = 0; i < 6; i += 1) {
      life.pass(40 * SECOND);
      const [check] = life.directory.takeDueChecks(life.at.now, 1);
      if (check === undefined) throw new Error('no check was due');
      order.push(check.id);
      life.directory.checked(check, 'no answer', life.at);
    }
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  test('of a former incarnation means nothing', () => {
    const life = new Life();
    life.register('asr-1', { healthUrl: HEALTH });
    const [check] = life.directory.takeDueChecks(life.at.now, 1);
    if (check === undefined) throw new Error('no check was due');
    life.deregister('asr-1');
    life.register('asr-1', { healthUrl: HEALTH, url: 'http://elsewhere:8000' });
    expect(life.directory.checked(check, null, life.at)).toEqual([]);
    expect(life.state('asr-1')).toBe('starting');
  });
});

describe('registering again', () => {
  test('is an update: the incarnation grows, a healthy instance stays healthy', () => {
    const life = new Life();
    life.register('asr-1', { healthUrl: HEALTH });
    life.check(null);
    const again = life.register('asr-1', { healthUrl: HEALTH });
    expect(again).toMatchObject({ incarnation: 2, state: 'healthy' });
    expect(life.directory.catalog.service('asr')?.instances.size).toBe(1);
  });

  test('at another address has to be proved healthy again', () => {
    const life = new Life();
    life.register('asr-1', { healthUrl: HEALTH });
    life.check(null);
    const moved = life.register('asr-1', { url: 'http://asr-b:8000', healthUrl: 'http://asr-b:8000/health' });
    expect(moved.state).toBe('starting');
  });

  test('hands an instance that beat back to its health check; without one it keeps a fresh lease', () => {
    const life = new Life();
    life.register('a', { healthUrl: HEALTH });
    life.register('b', { url: 'http://b:8000' });
    for (const id of ['a', 'b']) life.beat(id);
    life.pass(80 * SECOND);
    expect(life.register('a', { healthUrl: HEALTH }).beats).toBe(false);
    expect(life.register('b', { url: 'http://b:8000' })).toMatchObject({ beats: true, state: 'healthy' });
    life.pass(80 * SECOND);
    expect(life.state('b')).toBe('healthy');
    life.pass(15 * SECOND);
    expect(life.state('b')).toBe('down');
  });

  test('after a deregistration continues the incarnation', () => {
    const life = new Life();
    life.register('asr-1');
    life.deregister('asr-1');
    expect(life.register('asr-1').incarnation).toBe(2);
  });

  test('without an id, at the same URL, is the same instance: a crashed one leaves no twin', () => {
    const life = new Life();
    const first = life.register(undefined);
    expect(life.register(undefined).id).toBe(first.id);
    expect(life.directory.catalog.service('asr')?.instances.size).toBe(1);
  });

  test('is refused to another service than the one that registered it', () => {
    const life = new Life();
    life.register('asr-1', { caller: { serviceId: 42, address: '10.0.0.1' } });
    const other = { serviceId: 7, address: '10.0.0.1' };
    expect(() => life.register('asr-1', { caller: other })).toThrow(NotOwner);
    expect(life.instance('asr-1').registration.owner).toBe(42);
  });
});

test('the revision of a service grows with every change to it, and with no other', () => {
  const life = new Life();
  const { catalog } = life.directory;
  life.register('asr-1');
  const registered = catalog.revisionOf('asr');
  life.beat('asr-1');
  const beaten = catalog.revisionOf('asr');
  life.beat('asr-1');
  expect(catalog.revisionOf('asr')).toBe(beaten);
  life.deregister('asr-1');
  expect([registered, beaten, catalog.revisionOf('asr')]).toEqual([1, 2, 3]);
});

test('what was removed is forgotten after its time, with the service it belonged to', () => {
  const life = new Life();
  life.register('asr-1');
  life.deregister('asr-1');
  life.directory.forgetBefore(life.at.wall);
  expect(life.register('asr-1').incarnation).toBe(2);
  life.deregister('asr-1');
  life.standStill(SECOND);
  life.directory.forgetBefore(life.at.wall);
  expect(life.directory.catalog.revisionOf('asr')).toBe(0);
});
