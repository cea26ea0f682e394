import { describe, expect, test } from 'vitest';
import { LoadMeter, nextHeartbeatS } from '../../src/registry-server/pacing.js';
import { DEFAULT_TIMINGS, heartbeatIntervalFor, SYSTEM_CLOCK } from '../../src/registry-server/settings.js';
import { post, startTestRegistry } from '../support/start-registry.js';

/** What is asked for in 1,000 even draws. */
function asked(load: number, downAfterMs = DEFAULT_TIMINGS.downAfterMs): Set<number> {
  const timings = { ...DEFAULT_TIMINGS, downAfterMs, heartbeatIntervalS: heartbeatIntervalFor(downAfterMs) };
  return new Set(Array.from({ length: 1000 }, (_, i) => nextHeartbeatS(timings, load, () => i / 1000)));
}

describe('the next heartbeat is asked for', () => {
  test('after exactly the interval by a registry that is idle', () => {
    expect([...asked(0)]).toEqual([30]);
  });

  test('spread over up to a third more by one that is busy', () => {
    expect([...asked(1)]).toEqual([30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
    expect(Math.max(...asked(0.5))).toBe(35);
  });

  test('so that two fit into a lease with time left, however short it is', () => {
    for (const downAfterMs of [3000, 5000, 10_000, 20_000, 90_000, 600_000]) {
      expect(2 * Math.max(...asked(1, downAfterMs)), `${downAfterMs}`).toBeLessThan(downAfterMs / 1000);
    }
  });
});

describe('a registry is busy', () => {
  /** The load after so many heartbeats a second, for ten seconds. */
  function loadAt(perSecond: number): number {
    const meter = new LoadMeter();
    for (let i = 0; i < 10 * perSecond; i += 1) meter.beat((1000 * i) / perSecond);
    return meter.load(10_000);
  }

  test('where more than 500 heartbeats a second come, wholly from 2,000', () => {
    expect([loadAt(10), loadAt(500)]).toEqual([0, 0]);
    expect(loadAt(1200)).toBeGreaterThan(0.3);
    expect(loadAt(1200)).toBeLessThan(0.6);
    expect(loadAt(2500)).toBe(1);
  });

  test('where its timers are late while many beat, and for seconds only', () => {
    const meter = new LoadMeter();
    meter.late(120_000, 0);
    meter.beat(0);
    expect(meter.load(0)).toBe(0);
    for (let i = 0; i < 300; i += 1) meter.beat(0);
    expect([meter.load(0), meter.load(10_000)]).toEqual([1, 0]);
    meter.late(20, 10_000);
    for (let i = 0; i < 300; i += 1) meter.beat(10_000);
    expect(meter.load(10_000)).toBe(0);
  });
});

test('heartbeats that come together are sent apart by both APIs, and asked for as usual once it is quiet', async () => {
  let now = 1000;
  const clock = { ...SYSTEM_CLOCK, now: () => now };
  const { url } = await startTestRegistry({ clock, rateLimit: null });
  await post(`${url}/register`, {
    service_id: 42,
    service_name: 'asr',
    url: 'http://asr',
    instance_id: 'asr-1',
  });
  const apis = [
    () => post(`${url}/heartbeat`, { service_id: 42 }),
    () => post(`${url}/api/v1/registry/heartbeat`, { service_name: 'asr', instance_id: 'asr-1' }),
  ];
  for (const beat of apis) {
    now += 60_000;
    expect((await beat()).body.next_heartbeat_s).toBe(30);
    const answers: unknown[] = [];
    // All within one millisecond of the registry's clock.
    const caller = async () => {
      for (let i = 0; i < 60; i += 1) answers.push((await beat()).body.next_heartbeat_s);
    };
    await Promise.all(Array.from({ length: 50 }, caller));
    const seconds = new Set(answers);
    expect(seconds.size).toBeGreaterThan(2);
    for (const each of seconds) expect(Number(each) >= 30 && Number(each) <= 40).toBe(true);
  }
});
