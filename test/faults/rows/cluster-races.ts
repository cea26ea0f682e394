// Callers that race each other at different replicas, and how soon one replica knows what another was told.
import { Client } from '../client.js';
import type { Fault } from '../fault.js';
import { lostBetween } from '../machine.js';
import { LONG } from '../run-rows.js';
import { raceBeats, raceOwners, SECRET } from './embedded-races.js';
import { cutAtEveryEvent } from './embedded-watch.js';

/** What is told within 150 ms is told together; PostgreSQL says at once that something was committed. */
const SOON_MS = 1000;
const ROUNDS = LONG ? 500 : 40;

export const CLUSTER_RACES: readonly Fault[] = [
  {
    name: 'a deregistration at one replica races heartbeats at another',
    mode: 'cluster',
    promise: 'A heartbeat that comes after a deregistration gets 404 and revives nobody.',
    async run(stage) {
      const cluster = await stage.cluster();
      await stage.load();
      const targets = cluster.replicas.map(({ process }) => process);
      await stage.during(() => raceBeats(stage, targets));
      await stage.checkAudit();
      await stage.check();
      return 'Each heartbeat counted or got 404; the last that the audit trail has of each instance is its deregistration, and no replica lists one.';
    },
  },
  {
    name: 'two owners claim one id at two replicas at once',
    mode: 'cluster',
    promise: 'An id belongs to who registered it first, whichever replica was asked.',
    async run(stage) {
      const cluster = await stage.cluster({ auth: 'jwt', secret: SECRET });
      await stage.load({ token: { secret: SECRET, serviceId: 7 } });
      const [one, two] = cluster.pair;
      await stage.during(() => raceOwners(stage, [one.process, two.process], ROUNDS));
      await stage.check();
      return 'One alone was registered in every round; whatever the other tried changed nothing and is not in the audit trail.';
    },
  },
  {
    name: 'every heartbeat of an instance goes to another replica than the one before',
    mode: 'cluster',
    promise: 'A heartbeat at any of them counts.',
    async run(stage) {
      const cluster = await stage.cluster({ count: 3 });
      const load = await stage.load();
      await stage.during(async () => {
        const from = performance.now();
        await stage.eventually(
          async () => {
            const beats = stage.history.ops.filter(({ kind, start }) => kind === 'beat' && start > from);
            return new Set(beats.map(({ replica }) => replica)).size * 1000 + beats.length;
          },
          (seen) => seen > 3060,
          'heartbeats do not go to all of them',
        );
      });
      await stage.noticed(load, load.crash());
      await stage.checkAudit();
      await stage.check();
      if (cluster.replicas.length !== 3) throw new Error('a replica is missing');
      return 'Nothing that beat was down at any replica; what crashed was down at all of them.';
    },
  },
  {
    name: 'a watch at one replica is cut at every event of what is changed at another, and resumed',
    mode: 'cluster',
    promise: 'Last-Event-ID resumes without a gap, in order, at the replica that gave it.',
    async run(stage) {
      const cluster = await stage.cluster();
      await stage.load();
      const [one, two] = cluster.pair;
      const port = Number(new URL(two.process.url).port);
      await stage.during(() => cutAtEveryEvent(stage, one.process, port, two.process.name));
      await stage.check();
      return 'Every stream was resumed from its last id; every change was told, at its very revision, and revisions never went back.';
    },
  },
  {
    name: 'changes at one replica, read at another',
    mode: 'cluster',
    promise: 'Two replicas never disagree for longer than the watch takes.',
    async run(stage) {
      const cluster = await stage.cluster();
      await stage.load();
      const [one, two] = cluster.pair;
      const client = new Client(stage.history);
      stage.onEnd(async () => client.close());
      const late: string[] = [];
      await stage.during(async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const [at, other] = round % 2 === 0 ? [one.process, two.process] : [two.process, one.process];
          const url = `http://one:${8000 + round}`;
          await client.register(at, 'told', 'one', url);
          const began = performance.now();
          await stage.eventually(
            () => client.list(other, 'told'),
            ({ rows }) => rows?.[0]?.url === url,
            'it is not told',
          );
          const now = performance.now();
          // What the machine had no time for is nobody's fault.
          if (now - began > SOON_MS + 4 * lostBetween(began, now)) late.push(`${(now - began).toFixed()} ms`);
        }
      });
      if (late.length > 0) throw new Error(`of ${ROUNDS} changes some were told late: ${late.join(', ')}`);
      await stage.check();
      return 'What one acknowledged the other answered within a second.';
    },
  },
];
