import { describe, expect, test } from 'vitest';
import { Catalog } from '../../src/registry-server/catalog.js';
import { Directory } from '../../src/registry-server/directory.js';
import { NotOwner, planRegistration, type View } from '../../src/registry-server/plan.js';
import { DEFAULT_TIMINGS } from '../../src/registry-server/settings.js';
import { Staged } from '../../src/registry-server/staged.js';
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

describe('an instance that registers before it listens', () => {
  /** Half-seconds until its state is no longer `healthy`, or Infinity; it answers from `listens` on. */
  function run(listens: number): { unhealthyAt: number; checks: number[]; life: Life } {
    const life = new Life();
    life.register('asr-1', { healthUrl: HEALTH, metadata: { status: 'healthy' } });
    const checks: number[] = [];
    let unhealthyAt = Number.POSITIVE_INFINITY;
    for (let ms = 0; ms < 40_000; ms += 50) {
      if (life.check(ms < listens ? 'connection refused' : null) > 0) checks.push(ms);
      if (life.state('asr-1') === 'unhealthy') unhealthyAt = Math.min(unhealthyAt, ms);
      life.pass(50);
    }
    return { unhealthyAt, checks, life };
  }

  test('has about 8 s, also where it declared to be healthy', () => {
    expect(run(7000).unhealthyAt).toBe(Number.POSITIVE_INFINITY);
    const { unhealthyAt, checks } = run(Number.POSITIVE_INFINITY);
    expect(unhealthyAt).toBe(7750);
    expect(checks.slice(0, 6)).toEqual([0, 250, 750, 1750, 3750, 7750]);
  });

  test('and is asked often in its first minute, so that it is found soon after it listens', () => {
    const { checks, life } = run(20_000);
    expect(life.state('asr-1')).toBe('healthy');
    expect(checks.find((ms) => ms >= 20_000)).toBeLessThan(25_000);
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

  test('is made every 30 s; what does not pass for a day is removed', () => {
    const life = healthy();
    expect(life.check(null)).toBe(0);
    life.pass(20 * SECOND);
    expect(life.check(null)).toBe(0);
    life.pass(15 * SECOND);
    expect(life.check('gone')).toBe(1);
    for (let hours = 0; hours < 23; hours += 1) {
      life.check('gone');
      life.pass(3600 * SECOND);
    }
    expect(life.state('asr-1')).toBe('unhealthy');
    const evicted = life.pass(3600 * SECOND);
    expect(evicted).toMatchObject([{ audit: { cause: 'evicted' }, tombstone: { id: 'asr-1' } }]);
  });

  test('that could not be made says nothing: it is repeated soon', () => {
    const life = healthy();
    for (let i = 0; i < 10; i += 1) {
      life.pass(40 * SECOND);
      const [check] = life.directory.takeDueChecks(life.at.now, 1);
      if (check === undefined) throw new Error('no check was due');
      life.directory.notChecked(check, life.at);
      life.pass(2 * SECOND);
      expect(life.check(null)).toBe(1);
    }
    expect(life.state('asr-1')).toBe('healthy');
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

  test('keeps the heartbeats of an instance, with a fresh lease', () => {
    const life = new Life();
    life.register('asr-1');
    life.beat('asr-1');
    life.pass(80 * SECOND);
    expect(life.register('asr-1')).toMatchObject({ beats: true, state: 'healthy' });
    life.pass(80 * SECOND);
    expect(life.state('asr-1')).toBe('healthy');
    life.pass(15 * SECOND);
    expect(life.state('asr-1')).toBe('down');
  });

  /** Beat, registered again, and is then checked every second with `problem` for 100 s; `beats` every 30 s or not. */
  function again(problem: string | null, beats: boolean): Life {
    const life = new Life();
    life.register('asr-1', { healthUrl: HEALTH });
    life.beat('asr-1');
    life.register('asr-1', { healthUrl: HEALTH });
    for (let seconds = 0; seconds < 100; seconds += 1) {
      life.check(problem);
      if (beats && seconds % 30 === 15) life.beat('asr-1');
      life.pass(SECOND);
    }
    return life;
  }

  test('does not expose an instance that beats to a health check that cannot reach it', () => {
    const life = again('connection refused', true);
    expect(life.instance('asr-1').registration).toMatchObject({ beats: true, state: 'healthy' });
  });

  test('of an instance that no longer beats hands it to its health check when the lease lapses', () => {
    expect(again(null, false).instance('asr-1').registration).toMatchObject({
      beats: false,
      state: 'healthy',
    });
    expect(again('refused', false).instance('asr-1').registration).toMatchObject({
      beats: false,
      state: 'unhealthy',
    });
  });

  test('elsewhere, of an instance that beat, is found by its health check at once', () => {
    const life = new Life();
    life.register('asr-1', { healthUrl: HEALTH });
    life.beat('asr-1');
    life.register('asr-1', { url: 'http://b:8000', healthUrl: 'http://b:8000/health' });
    expect(life.state('asr-1')).toBe('starting');
    life.check(null);
    expect(life.state('asr-1')).toBe('healthy');
  });

  test('after a deregistration continues the incarnation', () => {
    const life = new Life();
    life.register('asr-1');
    life.deregister('asr-1');
    expect(life.register('asr-1').incarnation).toBe(2);
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
  expect(life.directory.catalog.buriedIncarnation('asr', 'asr-1')).toBe(0);
});

test('the revision of a service never goes back, also where nothing is left of it', () => {
  const life = new Life();
  life.register('asr-1');
  life.deregister('asr-1');
  const before = life.directory.catalog.revisionOf('asr');
  life.standStill(SECOND);
  life.directory.forgetBefore(life.at.wall);
  expect(life.register('asr-1').revision).toBeGreaterThan(before);
});

test('only the newest tombstones are remembered', () => {
  const catalog = new Catalog(2);
  for (const id of ['a', 'b', 'c']) {
    catalog.bury({ service: 'asr', id, incarnation: 7, revision: 1, owner: null, removedAt: '2026' });
  }
  expect(['a', 'b', 'c'].map((id) => catalog.buriedIncarnation('asr', id))).toEqual([0, 7, 7]);
});

test('a batch of 1,000 is planned at once, however many instances the service has', () => {
  const directory = new Directory(DEFAULT_TIMINGS, () => 0.5, 0);
  const at = { now: 0, wall: new Date(0) };
  const caller = { serviceId: 42, address: '10.0.0.1' };
  let ids = 0;
  const plan = (view: View, url: string) =>
    planRegistration(
      view,
      { service: 'asr', id: undefined, url, healthUrl: null, metadata: {}, serviceId: 42 },
      caller,
      at.wall.toISOString(),
      () => `asr-${ids++}`,
    ).changes;
  for (let i = 0; i < 10_000; i += 1) {
    for (const change of plan(directory.catalog, `http://a-${i}`)) directory.apply(change, at);
  }
  const view = new Staged(directory.catalog);
  const started = performance.now();
  for (let i = 0; i < 1000; i += 1) for (const change of plan(view, `http://b-${i}`)) view.add(change);
  expect(performance.now() - started).toBeLessThan(500);
  expect([...view.withServiceId(42)]).toHaveLength(11_000);
});
