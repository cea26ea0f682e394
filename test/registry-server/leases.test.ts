import { describe, expect, test } from 'vitest';
import { DEFAULT_TIMINGS } from '../../src/registry-server/settings.js';
import { ANYBODY, Life, SECOND } from './life.js';

describe('an instance that sends heartbeats', () => {
  test('is down after 90 s without one, and evicted 10 minutes later', () => {
    const life = new Life();
    life.register('asr-1');
    life.beat('asr-1');
    expect(life.state('asr-1')).toBe('healthy');

    life.pass(89 * SECOND);
    expect(life.state('asr-1')).toBe('healthy');
    const [down] = life.pass(2 * SECOND);
    expect(down?.audit).toMatchObject({ cause: 'lease-expired', from: 'healthy', to: 'down' });

    life.pass(598 * SECOND);
    expect(life.state('asr-1')).toBe('down');
    const [evicted] = life.pass(3 * SECOND);
    expect(evicted).toMatchObject({ audit: { cause: 'evicted', to: null }, tombstone: { id: 'asr-1' } });
    expect(life.state('asr-1')).toBe('gone');
  });

  test('stays healthy for as long as it beats every 30 s', () => {
    const life = new Life();
    life.register('asr-1');
    for (let beats = 0; beats < 100; beats += 1) {
      life.beat('asr-1');
      expect(life.pass(30 * SECOND)).toEqual([]);
    }
    expect(life.state('asr-1')).toBe('healthy');
  });

  test('is healthy again with its next heartbeat after it was down', () => {
    const life = new Life();
    life.register('asr-1');
    life.beat('asr-1');
    life.pass(120 * SECOND);
    expect(life.state('asr-1')).toBe('down');
    expect(life.beat('asr-1')[0]?.audit).toMatchObject({ cause: 'heartbeat', from: 'down', to: 'healthy' });
  });

  test('is no longer judged by its health check', () => {
    const life = new Life();
    life.register('asr-1', { healthUrl: 'http://asr:8000/health' });
    life.beat('asr-1');
    expect(life.check('connection refused')).toBe(0);
    expect(life.state('asr-1')).toBe('healthy');
  });

  test('that declared to be draining is not handed out, however long it beats', () => {
    const life = new Life();
    life.register('asr-1', { metadata: { status: 'stopping' } });
    life.beat('asr-1');
    expect(life.state('asr-1')).toBe('draining');
  });
});

describe('a registry that stood still', () => {
  test('for 120 s takes nobody for down, and the leases go on from where they were', () => {
    const life = new Life();
    life.register('asr-1');
    life.beat('asr-1');
    life.pass(60 * SECOND);
    life.standStill(120 * SECOND);
    expect(life.pass(20 * SECOND)).toEqual([]);
    expect(life.state('asr-1')).toBe('healthy');
    life.pass(15 * SECOND);
    expect(life.state('asr-1')).toBe('down');
  });

  test('gives no more than a whole lease to a heartbeat that comes in before the first sweep', () => {
    const life = new Life();
    life.register('asr-1');
    life.beat('asr-1');
    life.standStill(120 * SECOND);
    life.beat('asr-1');
    life.pass(92 * SECOND);
    expect(life.state('asr-1')).toBe('down');
  });
});

describe('after a restart', () => {
  function restarted(states: readonly ('healthy' | 'down')[]): Life {
    const before = new Life();
    const registrations = states.map((state, i) => {
      before.register(`asr-${i}`);
      before.beat(`asr-${i}`);
      return { ...before.instance(`asr-${i}`).registration, state };
    });
    let chance = 0;
    const after = new Life(() => (chance++ % 20) / 20);
    after.directory.load({ registrations, tombstones: [], revisionFloor: 0 }, after.at);
    return after;
  }

  test('everyone has time for two heartbeats, and the leases do not lapse together', () => {
    const life = restarted(Array.from({ length: 10 }, () => 'healthy'));
    expect(life.pass(60 * SECOND - 1)).toEqual([]);
    const lapsed = new Set(life.pass(31 * SECOND).map(({ audit }) => audit.at));
    expect(lapsed.size).toBeGreaterThan(5);
    expect(life.directory.catalog.service('asr')?.healthy).toEqual([]);
  });

  test('what was down stays down until it beats, and is evicted in the end', () => {
    const life = restarted(['down']);
    expect(life.state('asr-0')).toBe('down');
    life.pass(DEFAULT_TIMINGS.evictAfterMs + SECOND);
    expect(life.state('asr-0')).toBe('gone');
  });
});

describe('a heartbeat that names no instance', () => {
  const beat = (life: Life, sender = ANYBODY.address) =>
    life.directory.beatUnnamed(life.directory.catalog.instancesWithServiceId(42), sender, life.at);

  test('is for the only instance there is', () => {
    const life = new Life();
    life.register('asr-1', { serviceId: 42, healthUrl: 'http://asr:8000/health' });
    beat(life);
    expect(life.instance('asr-1').registration).toMatchObject({ state: 'healthy', beats: true });
  });

  test('where there are several, is for the one that registered from its address', () => {
    const life = new Life();
    const [a, b] = ['10.0.0.1', '10.0.0.2'];
    life.register('asr-a', { serviceId: 42, caller: { serviceId: null, address: a } });
    life.register('asr-b', { serviceId: 42, caller: { serviceId: null, address: b } });
    beat(life, a);
    beat(life, b);
    for (let minutes = 0; minutes < 2; minutes += 1) {
      life.pass(60 * SECOND);
      beat(life, b);
    }
    expect([life.state('asr-a'), life.state('asr-b')]).toEqual(['down', 'healthy']);
  });

  test('where all registered from one address, keeps all without a health check alive: nobody knows whose it is', () => {
    const life = new Life();
    for (const id of ['asr-a', 'asr-b']) life.register(id, { serviceId: 42 });
    beat(life);
    expect([life.state('asr-a'), life.state('asr-b')]).toEqual(['healthy', 'healthy']);
  });

  test('where there are several, is for those that have no health check', () => {
    const life = new Life();
    life.register('asr-1', { serviceId: 42 });
    life.register('asr-2', { serviceId: 42, healthUrl: 'http://asr-2:8000/health' });
    beat(life);
    expect(life.state('asr-1')).toBe('healthy');
    expect(life.instance('asr-2').registration).toMatchObject({ state: 'starting', beats: false });
  });

  test('hands an instance that beat while it was alone back to its health check: nobody knows who beats now', () => {
    const life = new Life();
    life.register('asr-1', { serviceId: 42, healthUrl: 'http://asr-1:8000/health' });
    beat(life);
    life.register('asr-2', { serviceId: 42, healthUrl: 'http://asr-2:8000/health' });
    beat(life);
    expect(life.instance('asr-1').registration).toMatchObject({ state: 'healthy', beats: false });
    for (let minutes = 0; minutes < 5; minutes += 1) {
      life.check(null);
      life.pass(60 * SECOND);
    }
    expect(life.state('asr-1')).toBe('healthy');
  });

  test('does not touch an instance whose own heartbeats name it', () => {
    const life = new Life();
    life.register('asr-1', { serviceId: 42, healthUrl: 'http://asr-1:8000/health' });
    life.register('asr-2', { serviceId: 42, healthUrl: 'http://asr-2:8000/health' });
    life.beat('asr-1');
    expect(beat(life)).toEqual([]);
    expect(life.instance('asr-1').registration.beats).toBe(true);
  });
});
