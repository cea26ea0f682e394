// SIGKILL of an embedded registry, at named points and at any moment.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.js';
import type { KillPoint } from '../registry-process.js';
import { LONG } from '../run-rows.js';
import type { Stage } from '../stage.js';

const PROMISE = 'An acknowledged registration survives kill -9 at any moment; nobody is told what is not so.';
const SEEN =
  'Every acknowledged registration was there after the restart, none that was deregistered, and all that beat stayed healthy.';

/** Kills the registry, and starts it over the same folder, as often as there are ways to kill it. */
async function killAndStart(stage: Stage, kills: readonly ((index: number) => KillPoint | number)[]) {
  const dataDir = await stage.folder();
  const store = { kind: 'sqlite', dataDir } as const;
  let registry = await stage.registry({ store });
  await stage.load();
  for (const [index, kill] of kills.entries()) {
    const how = kill(index);
    await stage.during(async () => {
      if (typeof how === 'number') {
        await sleep(how);
        await registry.kill();
      } else await registry.killAt(how);
      await stage.attempts();
      registry = await stage.registry({ store });
    });
    await stage.traffic();
  }
  await stage.check();
  return SEEN;
}

const at = (point: KillPoint) => () => point;

export const KILLS: readonly Fault[] = [
  {
    name: 'SIGKILL before the commit',
    mode: 'embedded',
    promise: PROMISE,
    run: (stage) => killAndStart(stage, Array(LONG ? 10 : 2).fill(at({ at: 'before the commit' }))),
  },
  {
    name: 'SIGKILL in the commit, from its first statement to its last',
    mode: 'embedded',
    promise: PROMISE,
    run: (stage) => {
      const turns = LONG ? Array.from({ length: 40 }, (_, n) => 2 * n) : [1, 9, 22, 40, 60];
      return killAndStart(
        stage,
        turns.map((turn) => at({ at: 'in the commit', turns: turn })),
      );
    },
  },
  {
    name: 'SIGKILL after the commit, before the answer',
    mode: 'embedded',
    promise: PROMISE,
    run: (stage) => killAndStart(stage, Array(LONG ? 10 : 2).fill(at({ at: 'after the commit' }))),
  },
  {
    name: 'SIGKILL right after the answer',
    mode: 'embedded',
    promise: PROMISE,
    run: (stage) => killAndStart(stage, Array(LONG ? 10 : 2).fill(at({ at: 'after the answer' }))),
  },
  {
    name: 'SIGKILL at random moments under load',
    mode: 'embedded',
    promise: PROMISE,
    run: (stage) =>
      killAndStart(
        stage,
        Array(LONG ? 40 : 4).fill(() => Math.random() * 500),
      ),
  },
];
