// An embedded registry that stands still, and one whose clock is set.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.js';
import { FAST, type Stage } from '../stage.js';

const PROMISE_STALL =
  'Nothing that keeps beating is taken for down, however long the registry stood still; what crashed is, in its time.';
const SEEN_STALL =
  'Nothing that beat was ever answered as down or missing; one that had crashed before was down within 90 s in which the registry ran.';

const HOUR_MS = 3_600_000;

async function standStill(stage: Stage, milliseconds: number): Promise<void> {
  const registry = await stage.registry();
  const load = await stage.load();
  const crashed = load.crash();
  await stage.during(() =>
    stage.standstill(async () => {
      await registry.stop();
      await sleep(milliseconds);
      registry.go();
    }),
  );
  await stage.traffic();
  await stage.noticed(load, crashed);
  await stage.check();
}

export const TIME: readonly Fault[] = [
  {
    name: 'SIGSTOP for 120 s, thirty times as fast',
    mode: 'embedded',
    promise: PROMISE_STALL,
    async run(stage) {
      await standStill(stage, 120_000 / FAST);
      return SEEN_STALL;
    },
  },
  {
    name: 'SIGSTOP for 120 s, in real time',
    mode: 'embedded',
    promise: PROMISE_STALL,
    async run(stage) {
      stage.rule({ leaseMs: 90_000, sweepMs: 3000, evictAfterMs: 600_000 });
      const registry = await stage.registry({ timings: {} });
      const load = await stage.load({ beatEveryMs: 30_000, beating: 24, keeping: 20, paceMs: 500 });
      const crashed = load.crash();
      await stage.during(() =>
        stage.standstill(async () => {
          await registry.stop();
          await sleep(120_000);
          registry.go();
        }),
      );
      await stage.traffic();
      await stage.noticed(load, crashed, 120_000);
      await stage.check();
      return SEEN_STALL;
    },
  },
  {
    name: 'the wall clock is set forward by an hour, then back by two',
    mode: 'embedded',
    promise: 'Jumps of the wall clock change nothing: leases run on a monotonic one.',
    async run(stage) {
      const registry = await stage.registry();
      const load = await stage.load();
      for (const offset of [HOUR_MS, -HOUR_MS]) {
        await stage.during(async () => {
          registry.setWall(offset);
          await requireWall(stage, offset);
          // Longer than a lease.
          await sleep(90_000 / FAST + 1000);
        });
        await stage.noticed(load, load.crash());
      }
      await stage.check();
      return 'Nothing that beat was down or missing; what crashed was down in its time, with either clock.';
    },
  },
];

/** What is registered from now on has the time of the clock that was set. */
async function requireWall(stage: Stage, offset: number): Promise<void> {
  await stage.eventually(
    () => stage.changeTimes(),
    (times) => times.some((at) => Math.abs(at.getTime() - Date.now() - offset) < 60_000),
    'the clock was not set',
  );
}
