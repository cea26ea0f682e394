// PostgreSQL and replicas killed in a commit, answers that are lost; Redis flushed and filled with what is not so.
import { Redis } from 'ioredis';
import pg from 'pg';
import { startEngine } from '../../support/engines.js';
import { auditOf } from '../audit.js';
import type { Cluster, Replica } from '../cluster.js';
import { killServer, restartEngine } from '../engine-restart.js';
import type { Fault } from '../fault.js';
import type { Load } from '../load.js';
import { LONG } from '../run-rows.js';
import type { Stage } from '../stage.js';

/** The last statements of every writing transaction are sent as one: the announcement, and the commit. */
const ANNOUNCEMENT = "select pg_notify('";
const COMMITTED = 'COMMIT\0';
const ROUNDS = LONG ? 20 : 4;

const PROMISE_COMMIT =
  'A registration is acknowledged once it is committed; a commit whose answer was lost is looked for, and never made twice.';
const SEEN_COMMIT =
  'Every acknowledged registration was there, what was answered "nothing was changed" was not, and every change is in the audit trail once.';

/** Acts when the writer of this replica is about to commit (`before`), or PostgreSQL says that it has (`lost`). */
async function atCommit(
  stage: Stage,
  { process, proxies: { postgres } }: Replica,
  when: 'before' | 'lost',
  act: () => void,
): Promise<void> {
  const announced = { direction: 'up', bytes: ANNOUNCEMENT } as const;
  const acted =
    when === 'before'
      ? postgres.when({ ...announced, moment: 'before' }, act)
      : postgres
          .when({ ...announced, moment: 'after' }, () => undefined)
          .then(() => postgres.when({ direction: 'down', bytes: COMMITTED, moment: 'before' }, act));
  await stage.within(acted, `${process.name} commits nothing`);
}

async function judged(stage: Stage, cluster: Cluster): Promise<void> {
  await stage.healthy(cluster.replicas.map(({ process }) => process));
  await stage.checkAudit();
  await stage.check();
}

/** The rows over an engine of their own, which goes down with all that use it. */
async function ownPostgres(stage: Stage) {
  const postgres = await startEngine('postgres');
  stage.onEnd(() => postgres.close());
  return { ...stage.engines, postgres };
}

export const STORE_FAULTS: readonly Fault[] = [
  {
    name: 'the connection to PostgreSQL is reset right before a commit',
    mode: 'cluster',
    promise: PROMISE_COMMIT,
    async run(stage) {
      const cluster = await stage.cluster();
      await stage.load();
      for (let round = 0; round < ROUNDS; round += 1) {
        const replica = cluster.pair[round % 2 === 0 ? 0 : 1];
        await stage.during(() => atCommit(stage, replica, 'before', () => replica.proxies.postgres.reset()));
        await stage.traffic();
      }
      await stage.traffic();
      await judged(stage, cluster);
      return SEEN_COMMIT;
    },
  },
  {
    name: "PostgreSQL's answer to a commit is lost",
    mode: 'cluster',
    promise: PROMISE_COMMIT,
    async run(stage) {
      const cluster = await stage.cluster();
      await stage.load();
      for (let round = 0; round < ROUNDS; round += 1) {
        const replica = cluster.pair[round % 2 === 0 ? 0 : 1];
        await stage.during(() => atCommit(stage, replica, 'lost', () => replica.proxies.postgres.reset()));
        await stage.traffic();
      }
      await stage.traffic();
      await judged(stage, cluster);
      return SEEN_COMMIT;
    },
  },
  {
    name: "PostgreSQL's answer to a commit never comes",
    mode: 'cluster',
    promise: PROMISE_COMMIT,
    async run(stage) {
      const cluster = await stage.cluster();
      await stage.load();
      const [replica] = cluster.pair;
      await stage.standstill(() =>
        stage.apart(async () => {
          await stage.during(async () => {
            await atCommit(stage, replica, 'lost', () => replica.proxies.postgres.blackHole());
            // The other goes on: who fell silent holds no lock.
            await stage.traffic();
            replica.proxies.postgres.heal();
          });
          await stage.healthy([replica.process]);
        }),
      );
      await stage.traffic();
      await judged(stage, cluster);
      return SEEN_COMMIT;
    },
  },
  {
    name: 'PostgreSQL is killed in a commit, and starts again',
    mode: 'cluster',
    promise: PROMISE_COMMIT,
    async run(stage) {
      const engines = await ownPostgres(stage);
      const cluster = await stage.cluster({}, engines);
      await stage.load();
      const { port } = engines.postgres;
      let { child } = engines.postgres;
      for (const when of ['before', 'lost'] as const) {
        const [replica] = cluster.pair;
        await stage.standstill(() =>
          stage.apart(async () => {
            await stage.during(async () => {
              await atCommit(stage, replica, when, () => replica.proxies.postgres.blackHole());
              await killServer({ child });
              replica.proxies.postgres.heal();
              await stage.traffic(5, ['beat', 'read']);
              child = await restartEngine(stage, { child, port });
            });
            await stage.traffic();
            await stage.healthy(cluster.replicas.map(({ process }) => process));
          }),
        );
      }
      await stage.traffic();
      await judged(stage, cluster);
      return SEEN_COMMIT;
    },
  },
  {
    name: 'SIGKILL of a replica before and after its commit',
    mode: 'cluster',
    promise: 'An acknowledged registration survives kill -9 at any moment.',
    async run(stage) {
      const cluster = await stage.cluster();
      await stage.load();
      for (const when of ['before', 'lost'] as const) {
        const [victim] = cluster.pair;
        await stage.during(async () => {
          const killed = atCommit(stage, victim, when, () => victim.proxies.postgres.blackHole());
          await killed;
          await victim.process.kill();
          victim.proxies.postgres.heal();
          await stage.attempts(10);
          cluster.takeOut(victim);
          await cluster.add();
        });
        await stage.traffic();
      }
      await stage.traffic();
      await judged(stage, cluster);
      return SEEN_COMMIT;
    },
  },
  {
    name: 'Redis is flushed, and filled with what is stale or no answer at all',
    mode: 'cluster',
    promise:
      'Losing the cache or poisoning it costs speed only: no answer is believed that is of another time.',
    async run(stage) {
      const cluster = await stage.cluster();
      const load = await stage.load();
      const redis = new Redis({ host: '127.0.0.1', port: stage.engines.redis.port });
      stage.onEnd(async () => redis.disconnect());
      const keys = () => redis.keys('regctl:*');
      await stage.during(async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          await readAudit(load, cluster);
          const found = await stage.eventually(keys, ({ length }) => length > 0, 'nothing is cached');
          const old = await redis.get(found[0] ?? '');
          await stage.traffic();
          for (const value of [old ?? '', 'not JSON', '[]', '{"rows":[]}', '\u0000']) {
            for (const key of await keys()) await redis.set(key, value, 'KEEPTTL');
            await readAudit(load, cluster);
          }
          await redis.flushall();
          await readAudit(load, cluster);
        }
      });
      await load.rest();
      const [one, two] = cluster.pair;
      for (const service of load.services) {
        const stored = await storedAudit(stage, cluster, service);
        for (const { process } of [one, two]) {
          const told = (await auditOf(load.client, process, service)).map(
            ({ seq, instance_id, revision, cause }) => `${seq} ${instance_id} ${revision} ${cause}`,
          );
          const differing = told.findIndex((row, n) => row !== stored[n]);
          if (told.length !== stored.length || differing >= 0)
            throw new Error(
              `${process.name} tells ${told[differing]} of ${service}, not ${stored[differing]}`,
            );
        }
      }
      await judged(stage, cluster);
      return 'Every audit trail that was answered is what PostgreSQL has; nothing else was touched.';
    },
  },
];

/** Throws where an audit trail is not answered; PostgreSQL is there all along. */
async function readAudit(load: Load, cluster: Cluster): Promise<void> {
  for (const { process } of cluster.replicas)
    for (const name of load.services) await auditOf(load.client, process, name);
}

/** As PostgreSQL has it, asked past every replica. */
async function storedAudit(stage: Stage, cluster: Cluster, service: string): Promise<string[]> {
  const { port } = stage.engines.postgres;
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'registry', database: cluster.database });
  await client.connect();
  const { rows } = await client.query<{ row: string }>(
    `select concat_ws(' ', seq, id, revision, cause) as row from regctl.audit where service = $1 order by seq`,
    [service],
  );
  await client.end();
  return rows.map(({ row }) => row);
}
