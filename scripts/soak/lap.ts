// A lap: traffic from nothing, a few faults under it, every answer judged, and all of it cleared away. The registries
// live on from lap to lap; what is judged, and has to be remembered for it, is of one.
import { setTimeout as sleep } from 'node:timers/promises';
import { History, type Op } from '../../test/faults/history.js';
import { Load } from '../../test/faults/load.js';
import { violationsOf } from '../../test/faults/model.js';
import { Circumstances, type Deployment } from './deployment.js';
import { oneOf, type Random } from './random.js';

export interface Lap {
  readonly faults: readonly string[];
  readonly operations: Readonly<Record<Op['kind'], number>>;
  /** What was wrong, with what led to it. */
  readonly violations: readonly string[];
  /** What is soaked has not recovered: there is no use in going on. */
  readonly isBroken: boolean;
}

/** Of the traffic alone, before a fault and after it. */
const CALM_MS = 1_500;
const FAULTS_A_LAP = 4;
/** Where the traffic is not answered again this long after a fault, that is a violation. */
const PATIENCE_MS = 20_000;

/** Resolves when the lap is over, or soon after the signal. */
export async function runLap(deployment: Deployment, random: Random, signal: AbortSignal): Promise<Lap> {
  const history = new History();
  const circumstances = new Circumstances();
  // As the guide's loop: three times in a lease.
  const beatEveryMs = deployment.rules.leaseMs / 3;
  const load = new Load(history, () => deployment.targets, { beatEveryMs });
  const faults: string[] = [];
  const violations: string[] = [];
  const began = performance.now();
  let isBroken = false;
  try {
    await load.start();
    // Every instance has beaten once by then: the model takes one that never beats for one that need not.
    await sleep(beatEveryMs + CALM_MS);
    // It has to be down in its time, whatever happens meanwhile.
    load.crash();
    for (let n = 0; n < FAULTS_A_LAP && !signal.aborted; n += 1) {
      const fault = oneOf(deployment.faults, random);
      faults.push(fault.name);
      await fault.run(circumstances, random);
      if (!(await flows(history, load))) throw new Error('the traffic is not answered any more');
      await calm(signal);
    }
  } catch (error) {
    isBroken = true;
    violations.push(`after ${faults.at(-1)}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await load.stop();
  }
  // Every service once more, at every replica.
  for (const target of deployment.targets)
    for (const service of load.services) await load.client.list(target, service);
  const found = violationsOf(history, { ...deployment.rules, ...circumstances });
  for (const { says, excerpt } of found)
    violations.push([says, ...excerpt.map((line) => `    ${line}`)].join('\n'));
  const left = isBroken ? [] : await clear(load, deployment);
  if (left.length > 0) violations.push(`deregistered, and still there: ${left.join(', ')}`);
  load.client.close();
  return { faults, operations: history.asked(began, performance.now()), violations, isBroken };
}

async function calm(signal: AbortSignal): Promise<void> {
  await sleep(CALM_MS, undefined, { signal }).catch(() => undefined);
}

/** Whether every kind of traffic is answered again. */
async function flows(history: History, { kinds }: Load): Promise<boolean> {
  const from = performance.now();
  while (performance.now() < from + PATIENCE_MS) {
    const { change, beat, list, discover, url } = history.answered(from, performance.now());
    const answered = { change, beat, read: list + discover + url };
    if (kinds.every((kind) => answered[kind] > 0)) return true;
    await sleep(50);
  }
  return false;
}

/** Deregisters all that the traffic registered, and answers what is there nonetheless. */
async function clear({ services, client }: Load, { targets }: Deployment): Promise<string[]> {
  const [first] = targets;
  if (first === undefined) throw new Error('there is no registry');
  for (const service of services) {
    const { rows = [] } = await client.list(first, service);
    await Promise.all(rows.map(({ id }) => client.deregister(first, service, id)));
  }
  const left = new Set<string>();
  const deadline = performance.now() + PATIENCE_MS;
  do {
    left.clear();
    for (const target of targets) {
      for (const service of services) {
        const { rows } = await client.list(target, service);
        for (const { id } of rows ?? [{ id: 'no answer' }]) left.add(`${service}/${id} at ${target.name}`);
      }
    }
    if (left.size > 0) await sleep(100);
  } while (left.size > 0 && performance.now() < deadline);
  return [...left];
}
