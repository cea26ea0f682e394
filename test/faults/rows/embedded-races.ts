// Callers of an embedded registry that race each other.
import { auditOf } from '../audit.js';
import { Client, type Target } from '../client.js';
import type { Fault } from '../fault.js';
import type { Change } from '../history.js';
import { LONG } from '../run-rows.js';
import type { Stage } from '../stage.js';

const ROUNDS = LONG ? 2000 : 150;
export const SECRET = 'a secret of the fault suite, long enough';

/**
 * Deregistrations, each with heartbeats before, at the same time and after; `targets` take turns. Throws where one that
 * was deregistered came back to life.
 */
export async function raceBeats(stage: Stage, targets: readonly Target[]): Promise<void> {
  const client = new Client(stage.history);
  stage.onEnd(async () => client.close());
  const turn = (n: number): Target => targets[n % targets.length] as Target;
  let counted = 0;
  let refused = 0;
  const race = async (round: number): Promise<void> => {
    const id = `raced-${round}`;
    await client.register(turn(round), 'raced', id, 'http://raced:8000', {});
    let isRemoved = false;
    // Before, during and after, at every target: a heartbeat is answered sooner than a deregistration.
    const beatOn = async (target: Target): Promise<void> => {
      for (let isLast = false; !isLast; ) {
        isLast = isRemoved;
        const status = await client.beat(target, 'raced', id);
        if (status === 200) counted += 1;
        else if (status === 404) refused += 1;
        // 0: it was not answered, which says nothing.
        else if (status !== 0) throw new Error(`a heartbeat was answered ${status}`);
      }
    };
    const beating = Promise.all(targets.map(beatOn));
    const { outcome } = await client.deregister(turn(round + 1), 'raced', id);
    isRemoved = true;
    await beating;
    if (outcome !== 'done') throw new Error(`a deregistration was ${outcome}`);
    await client.beat(turn(round + 1), 'raced', id);
    await client.list(turn(round + 1), 'raced');
  };
  for (let round = 0; round < ROUNDS; round += 5) {
    await Promise.all(Array.from({ length: 5 }, (_, n) => race(round + n)));
  }
  if (counted === 0 || refused === 0) throw new Error(`no race: ${counted} counted, ${refused} were refused`);
  const rows = await auditOf(client, turn(0), 'raced');
  const last = new Map(rows.map(({ instance_id, cause }) => [instance_id, cause]));
  const revived = [...last].filter(([, cause]) => cause !== 'deregistered');
  if (last.size === 0 || revived.length > 0)
    throw new Error(`not deregistered at last: ${revived.join(' ')}`);
}

/** Two services claim the same id at once, in every round one of their own; throws unless one alone gets it. */
export async function raceOwners(
  stage: Stage,
  [a, b]: readonly [Target, Target],
  rounds = ROUNDS,
): Promise<void> {
  const owners = [42, 43].map(
    (serviceId, n) =>
      [serviceId, n === 0 ? a : b, new Client(stage.history, { secret: SECRET, serviceId })] as const,
  );
  for (const [, , client] of owners) stage.onEnd(async () => client.close());
  const won = new Map<number, number>();
  for (let round = 0; round < rounds; round += 1) {
    const service = `claimed-${round}`;
    const claims: [number, Change][] = await Promise.all(
      owners.map(async ([serviceId, target, client]) => [
        serviceId,
        await client.register(target, service, 'one', `http://of-${serviceId}:8000`),
      ]),
    );
    const winners = claims.filter(([, { outcome }]) => outcome === 'done');
    const refused = claims.filter(([, { status }]) => status === 403);
    const [winner] = winners;
    if (winner === undefined || winners.length !== 1 || refused.length !== 1) {
      throw new Error(`${service}: ${claims.map(([id, { status }]) => `${id} got ${status}`).join(', ')}`);
    }
    won.set(winner[0], (won.get(winner[0]) ?? 0) + 1);
    for (const [serviceId, target, client] of owners) {
      if (serviceId === winner[0]) continue;
      const removed = await client.deregister(target, service, 'one');
      const beat = await client.beat(target, service, 'one');
      const moved = await client.register(target, service, 'one', `http://of-${serviceId}:8000`);
      const answers = [removed.status, beat, moved.status];
      // A heartbeat may come before its replica knows the instance.
      const wrong = answers.some((status, n) => status !== 403 && !(n === 1 && a !== b && status === 404));
      if (wrong) throw new Error(`the other was answered ${answers}`);
      await client.list(target, service);
      const actors = new Set((await auditOf(client, target, service)).map(({ actor }) => actor));
      if (actors.has(`service:${serviceId}`)) throw new Error(`${service}: the other is in the audit trail`);
    }
  }
}

export const RACES: readonly Fault[] = [
  {
    name: 'deregistrations race heartbeats',
    mode: 'embedded',
    promise: 'A heartbeat that comes after a deregistration gets 404 and revives nobody.',
    async run(stage) {
      const registry = await stage.registry();
      await stage.load();
      await stage.during(() => raceBeats(stage, [registry]));
      await stage.check();
      return 'Each heartbeat counted or got 404; once the deregistration was answered all got 404, and no listing or audit trail has one revived.';
    },
  },
  {
    name: 'two owners claim one id at once',
    mode: 'embedded',
    promise: 'The token of service 42 cannot touch service 43; an id belongs to who registered it first.',
    async run(stage) {
      const registry = await stage.registry({ auth: 'jwt', secret: SECRET });
      await stage.load({ token: { secret: SECRET, serviceId: 7 } });
      await stage.during(() => raceOwners(stage, [registry, registry]));
      await stage.check();
      return 'One alone was registered in every round; whatever the other tried was answered 403, changed nothing, and is not in the audit trail.';
    },
  },
];
