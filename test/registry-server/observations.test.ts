// Replicas judge alike by the same observations, in whatever order they come to know them.
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../src/registry-server/observation.js';
import type { Registration } from '../../src/registry-server/registration.js';
import { DEFAULT_TIMINGS } from '../../src/registry-server/settings.js';
import { Life, SECOND } from './life.js';

/** Two replicas of which the first keeps every service. */
function replicas(): { keeper: Life; other: Life } {
  return { keeper: new Life(), other: new Life(() => 0.5, { keeps: () => false }) };
}

/** Time passes for all of them. */
function pass(lives: readonly Life[], ms: number): void {
  for (const life of lives) life.pass(ms);
}

const HEALTH = { healthUrl: 'http://asr:8000/health' };

describe('what one replica sees', () => {
  test('is known to the other: a heartbeat at any of them counts at all', () => {
    const { keeper, other } = replicas();
    other.take(keeper.register('asr-1'));
    for (let beats = 0; beats < 10; beats += 1) {
      other.beat('asr-1');
      keeper.learn(other.told.splice(0));
      pass([keeper, other], 30 * SECOND);
    }
    expect([keeper.state('asr-1'), other.state('asr-1')]).toEqual(['healthy', 'healthy']);
    expect(keeper.instance('asr-1').lastHeartbeat).toEqual(other.instance('asr-1').lastHeartbeat);
    pass([keeper, other], 61 * SECOND);
    expect([keeper.state('asr-1'), other.state('asr-1')]).toEqual(['down', 'down']);
  });

  test('of a health check counts at the other, which makes none itself', () => {
    const { keeper, other } = replicas();
    other.take(keeper.register('asr-1', HEALTH));
    expect([keeper.check(null), other.check(null)]).toEqual([1, 0]);
    other.learn(keeper.told.splice(0));
    expect(other.state('asr-1')).toBe('healthy');
    for (let failed = 0; failed < 3; failed += 1) {
      pass([keeper, other], 40 * SECOND);
      expect([keeper.check('refused'), other.check('refused')]).toEqual([1, 0]);
    }
    other.learn(keeper.told.splice(0));
    expect([keeper.state('asr-1'), other.state('asr-1')]).toEqual(['unhealthy', 'unhealthy']);
  });

  test('late counts from when it was seen, and never shortens a lease', () => {
    const { keeper, other } = replicas();
    other.take(keeper.register('asr-1'));
    keeper.beat('asr-1');
    const [beat] = keeper.told.splice(0);
    if (beat?.kind !== 'beat') throw new Error('a heartbeat is told as one');
    pass([keeper, other], 50 * SECOND);
    other.learn([{ ...beat, agoMs: 50 * SECOND }]);
    other.beat('asr-1');
    other.learn([{ ...beat, agoMs: 50 * SECOND }]);
    other.pass(89 * SECOND);
    expect(other.state('asr-1')).toBe('healthy');
    other.pass(2 * SECOND);
    expect(other.state('asr-1')).toBe('down');
    // A heartbeat whose lease is over by now brings nobody back.
    other.learn([{ ...beat, agoMs: 95 * SECOND }]);
    expect(other.state('asr-1')).toBe('down');
  });

  test('of another incarnation, or of what is not registered, means nothing', () => {
    const { keeper, other } = replicas();
    other.take(keeper.register('asr-1'));
    keeper.beat('asr-1');
    const seen = keeper.told.splice(0);
    keeper.deregister('asr-1');
    other.take(keeper.register('asr-1'));
    other.learn(seen);
    expect(other.state('asr-1')).toBe('starting');
    other.learn([{ kind: 'beat', service: 'asr', id: 'nobody', incarnation: 1, named: true, agoMs: 0 }]);
    expect(other.state('nobody')).toBe('gone');
  });

  test('is recorded by it alone; the other records it where it died first', () => {
    const { keeper, other } = replicas();
    keeper.take(other.register('asr-1'));
    expect(other.beat('asr-1')).toHaveLength(1);
    keeper.learn(other.told.splice(0));
    const found = { ...keeper.instance('asr-1').registration };
    expect(keeper.pass(3 * SECOND)).toEqual([]);
    expect(keeper.pass(3 * SECOND)).toMatchObject([{ audit: { cause: 'heartbeat', to: 'healthy' } }]);
    expect(keeper.pass(60 * SECOND)).toEqual([]);

    const again = replicas();
    again.keeper.take(again.other.register('asr-1'));
    again.other.beat('asr-1');
    again.keeper.learn(again.other.told);
    again.keeper.take(found);
    expect(again.keeper.pass(60 * SECOND)).toEqual([]);
  });
});

describe('the order in which observations come', () => {
  const IDS = ['a', 'b', 'c'];

  /** Numbers in [0, 1) that are the same for the same seed. */
  function chance(seed: number): () => number {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
  }

  /** A replica that saw a minute of heartbeats and checks, and when it saw each. */
  function witness(stored: readonly Registration[], random: () => number) {
    const life = started(stored);
    const seen: { at: number; observation: Observation }[] = [];
    const pick = () => IDS[Math.floor(random() * IDS.length)] ?? 'a';
    for (let step = 0; step < 20; step += 1) {
      const what = random();
      if (what < 0.2) life.beat(pick());
      else if (what < 0.5) {
        life.directory.beatUnnamed(life.directory.catalog.instancesWithServiceId(42), '::1', life.at);
      } else if (what < 0.6) {
        life.directory.beatUnnamed([life.instance(pick())], '::1', life.at);
      } else {
        const result = random() < 0.6 ? 'refused' : null;
        for (const check of life.directory.takeDueChecks(Number.MAX_VALUE, 1)) {
          life.directory.checked(check, result, life.at);
        }
      }
      for (const observation of life.told.splice(0)) seen.push({ at: life.at.now, observation });
      life.pass(1 + Math.floor(random() * 3 * SECOND));
    }
    return { life, seen };
  }

  /** What each of three replicas tells of it, late as it is now. */
  function told({ life, seen }: ReturnType<typeof witness>, random: () => number): Observation[][] {
    const replicas: Observation[][] = [[], [], []];
    for (const { at, observation } of seen) {
      const late = { ...observation, agoMs: life.at.now - at } as Observation;
      replicas[Math.floor(random() * replicas.length)]?.push(late);
    }
    return replicas;
  }

  function started(registrations: readonly Registration[]): Life {
    const life = new Life();
    life.directory.load({ registrations, tombstones: [], revisionFloor: 0 }, life.at);
    return life;
  }

  /** Mixes what the replicas told, the order of each kept, and tells some of it twice. */
  function mixed(told: readonly Observation[][], random: () => number): Observation[] {
    const left = told.map((each) => [...each]);
    const all: Observation[] = [];
    while (left.some((each) => each.length > 0)) {
      const next = left[Math.floor(random() * left.length)]?.shift();
      if (next === undefined) continue;
      all.push(next);
      if (random() < 0.2) all.splice(Math.floor(random() * all.length), 0, next);
    }
    return all;
  }

  function known(life: Life) {
    return IDS.map((id) => {
      const { registration, leaseEnds, lastHeartbeat, lastBeat, check } = life.instance(id);
      const { state, beats } = registration;
      return { id, state, beats, leaseEnds, lastHeartbeat, lastBeat, check: { ...check, dueAt: 0 } };
    });
  }

  test('changes nothing of what is true in the end: it is what one would know that saw it all', () => {
    const rows = new Life();
    const stored: Registration[] = [
      rows.register('a', { ...HEALTH, serviceId: 42 }),
      { ...rows.register('b', { ...HEALTH, serviceId: 42 }), state: 'healthy', beats: true },
      rows.register('c', { serviceId: 42 }),
    ];
    const ends = new Set<string>();
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = chance(seed);
      const saw = witness(stored, random);
      const learner = started(stored);
      learner.pass(saw.life.at.now - learner.at.now);
      for (const each of mixed(told(saw, random), random)) learner.learn([each]);
      expect(known(learner), `seed ${seed}`).toEqual(known(saw.life));
      for (const { id, state, beats } of known(learner)) ends.add(`${id} ${state} ${beats}`);
    }
    // What happened was such that everything could come of it.
    expect([...ends]).toEqual(
      expect.arrayContaining([
        'a healthy false',
        'a healthy true',
        'a unhealthy false',
        'b healthy false',
        'b healthy true',
        'b unhealthy false',
        'c healthy true',
      ]),
    );
  });
});

describe('what another replica wrote', () => {
  test('is taken over: new instances, their states, and removals', () => {
    const { keeper, other } = replicas();
    const row = keeper.register('asr-1', HEALTH);
    other.take(row);
    expect(other.state('asr-1')).toBe('starting');
    other.take({ ...row, state: 'unhealthy', revision: 7 });
    expect(other.state('asr-1')).toBe('unhealthy');
    expect(other.directory.catalog.revisionOf('asr')).toBeGreaterThanOrEqual(7);

    keeper.deregister('asr-1');
    const tombstone = { service: 'asr', id: 'asr-1', incarnation: 1, revision: 8, owner: null };
    const removes = [{ ...tombstone, removedAt: other.at.wall.toISOString() }];
    other.directory.take({ puts: [], removes }, () => true, other.at);
    expect(other.state('asr-1')).toBe('gone');
    // What was written before it revives nobody; what was registered after it stays.
    other.take(row);
    expect(other.state('asr-1')).toBe('gone');
    other.take({ ...row, incarnation: 2 });
    other.directory.take({ puts: [], removes }, () => false, other.at);
    expect(other.state('asr-1')).toBe('starting');
  });

  test('says nothing of what changed here and is not recorded yet, but of a newer incarnation everything', () => {
    const { keeper, other } = replicas();
    const row = keeper.register('asr-1');
    other.take(row);
    other.beat('asr-1');
    other.directory.take({ puts: [row], removes: [] }, () => true, other.at);
    expect(other.state('asr-1')).toBe('healthy');
    const moved = { ...row, url: 'http://elsewhere:8000', incarnation: 2 };
    other.directory.take({ puts: [moved], removes: [] }, () => true, other.at);
    expect(other.instance('asr-1').registration).toEqual(moved);
  });

  test('takes nobody for down whose heartbeat is known here: the keeper corrects the record', () => {
    const { keeper, other } = replicas();
    const row = keeper.register('asr-1');
    keeper.beat('asr-1');
    other.take(row);
    keeper.take({ ...row, state: 'down', beats: true, revision: 9 });
    expect(keeper.state('asr-1')).toBe('healthy');
    expect(keeper.pass(6 * SECOND)).toMatchObject([
      { audit: { service: 'asr', id: 'asr-1', to: 'healthy' } },
    ]);
    expect(keeper.pass(6 * SECOND)).toEqual([]);
  });

  test('that its heartbeats decide no more has its health checked at once', () => {
    const { keeper } = replicas();
    const row = keeper.register('asr-1', HEALTH);
    expect(keeper.check(null)).toBe(1);
    keeper.beat('asr-1');
    expect(keeper.directory.nextCheckAt()).toBe(Number.POSITIVE_INFINITY);
    keeper.take({ ...row, state: 'healthy', beats: false });
    expect(keeper.check(null)).toBe(1);
  });

  test('that is alive has time for its heartbeat to come here too', () => {
    const { keeper, other } = replicas();
    const row = { ...keeper.register('asr-1'), state: 'down' as const, beats: true };
    other.take(row);
    other.pass(100 * SECOND);
    other.take({ ...row, state: 'healthy' });
    other.pass(60 * SECOND);
    expect(other.state('asr-1')).toBe('healthy');
  });
});

describe('a replica that another keeps a service for', () => {
  test('takes what lapses for down, and leaves the record and the eviction to the keeper', () => {
    const { keeper, other } = replicas();
    other.take(keeper.register('asr-1'));
    keeper.beat('asr-1');
    other.learn(keeper.told);
    expect(other.pass(95 * SECOND)).toEqual([]);
    expect(other.state('asr-1')).toBe('down');
    expect(other.pass(DEFAULT_TIMINGS.evictAfterMs * 2)).toEqual([]);
    expect(other.state('asr-1')).toBe('down');
    expect(keeper.pass(95 * SECOND)).toMatchObject([{ audit: { cause: 'lease-expired' } }]);
    expect(keeper.pass(DEFAULT_TIMINGS.evictAfterMs)).toMatchObject([{ audit: { cause: 'evicted' } }]);
  });

  test('that becomes the keeper makes its checks, and evicts what is due, within seconds', () => {
    let keeps = false;
    const other = new Life(() => 0.5, { keeps: () => keeps });
    const rows = new Life();
    other.take(rows.register('asr-1', HEALTH), rows.register('asr-2'));
    other.beat('asr-2');
    other.pass(95 * SECOND + DEFAULT_TIMINGS.evictAfterMs);
    expect(other.check(null)).toBe(0);
    keeps = true;
    expect(other.pass(10 * SECOND)).toMatchObject([
      // Nobody has recorded it.
      { audit: { id: 'asr-2', cause: 'lease-expired' } },
      { audit: { id: 'asr-2', cause: 'evicted' } },
    ]);
    expect(other.check(null)).toBe(1);
  });
});

describe('a replica that may miss heartbeats', () => {
  test('evicts nobody while it cannot record it: elsewhere it may beat again until then', () => {
    let canRecord = false;
    const keeper = new Life(() => 0.5, { canRecord: () => canRecord });
    keeper.register('asr-1');
    keeper.beat('asr-1');
    keeper.pass(900 * SECOND);
    expect(keeper.state('asr-1')).toBe('down');
    keeper.learn([{ kind: 'beat', service: 'asr', id: 'asr-1', incarnation: 1, named: true, agoMs: 0 }]);
    expect(keeper.state('asr-1')).toBe('healthy');
    keeper.pass(900 * SECOND);
    canRecord = true;
    keeper.pass(6 * SECOND);
    expect(keeper.directory.catalog.find('asr', 'asr-1')).toBeUndefined();
  });

  test('takes nobody for down while it is blind, and gives everybody the rest of the lease after that', () => {
    const life = new Life();
    life.register('asr-1');
    life.beat('asr-1');
    life.pass(60 * SECOND);
    life.directory.setBlind(true, life.at);
    expect(life.pass(1000 * SECOND)).toEqual([]);
    life.directory.setBlind(false, life.at);
    life.pass(29 * SECOND);
    expect(life.state('asr-1')).toBe('healthy');
    life.pass(2 * SECOND);
    expect(life.state('asr-1')).toBe('down');
  });

  test.each([
    [
      'was blind',
      (life: Life) => life.directory.setBlind(true, life.at),
      (life: Life) => life.pass(200 * SECOND),
    ],
    ['stood still', () => undefined, (life: Life) => life.standStill(200 * SECOND)],
  ])('and %s counts what it learns late by the time that did not stand still', (_, begin, wait) => {
    const { keeper, other } = replicas();
    other.take(keeper.register('asr-1'));
    pass([keeper, other], 60 * SECOND);
    keeper.beat('asr-1');
    const [beat] = keeper.told;
    if (beat?.kind !== 'beat') throw new Error('a heartbeat is told as one');
    begin(other);
    wait(other);
    other.learn([{ ...beat, agoMs: 200 * SECOND }]);
    other.directory.setBlind(false, other.at);
    other.pass(85 * SECOND);
    expect(other.state('asr-1')).toBe('healthy');
    other.pass(10 * SECOND);
    expect(other.state('asr-1')).toBe('down');
  });
});

describe('a replica that has just come', () => {
  test('gets the leases as they are, not fresh ones', () => {
    const old = new Life();
    const rows = [old.register('asr-1'), old.register('asr-2')];
    for (const id of ['asr-1', 'asr-2']) old.beat(id);
    old.pass(50 * SECOND);
    old.beat('asr-2');
    const registrations = rows.map((row) => ({ ...row, state: 'healthy' as const, beats: true }));

    const newcomer = new Life();
    newcomer.directory.load({ registrations, tombstones: [], revisionFloor: 0 }, newcomer.at);
    newcomer.learn([...old.directory.leases(old.at)]);
    newcomer.pass(45 * SECOND);
    expect([newcomer.state('asr-1'), newcomer.state('asr-2')]).toEqual(['down', 'healthy']);
    newcomer.pass(50 * SECOND);
    expect(newcomer.state('asr-2')).toBe('down');
  });

  test('tells of no lease that rests on no heartbeat', () => {
    const life = new Life();
    life.register('asr-1');
    expect([...life.directory.leases(life.at)]).toEqual([]);
  });
});

test('a look at 100,000 instances of which nothing is due does not go over them', () => {
  let asked = 0;
  const keeps = () => {
    asked += 1;
    return true;
  };
  const life = new Life(() => 0.5, { keeps });
  const row = life.register('asr-0', HEALTH);
  const registrations = Array.from({ length: 100_000 }, (_, i) => ({ ...row, service: `s-${i}` }));
  life.directory.load({ registrations, tombstones: [], revisionFloor: 0 }, life.at);
  life.directory.sweep(life.at);
  for (const each of life.directory.takeDueChecks(life.at.now, 10)) {
    life.directory.checked(each, null, life.at);
  }
  const before = asked;
  let visited = 0;
  const { catalog } = life.directory;
  const all = catalog.instance.bind(catalog);
  catalog.instance = (service, id) => {
    visited += 1;
    return all(service, id);
  };
  life.directory.sweep(life.at);
  expect(life.directory.takeDueChecks(life.at.now, 256)).toEqual([]);
  expect(life.directory.nextCheckAt()).toBeGreaterThan(life.at.now);
  expect(asked - before).toBe(0);
  expect(visited).toBeLessThan(10);
});
