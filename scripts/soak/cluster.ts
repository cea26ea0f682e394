// Three replicas over real engines, each behind proxies of its own: they are killed, stopped and ended in order, and
// cut off from engines in every way a network knows.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Cluster, type Replica } from '../../test/faults/cluster.js';
import { killServer, restartEngine } from '../../test/faults/engine-restart.js';
import { Stage } from '../../test/faults/stage.js';
import { type Engines, startEngines } from '../../test/support/cluster.js';
import type { EngineName } from '../../test/support/engines.js';
import type { TcpProxy } from '../../test/support/tcp-proxy.js';
import { allWell, type Circumstances, type Deployment, type SoakFault } from './deployment.js';
import { oneOf, type Random } from './random.js';

const REPLICAS = 3;
const ENGINES = ['zookeeper', 'postgres', 'redis'] as const;
/** As test/faults/cluster.ts has its replicas: ten times as fast as the default. */
const RULES = { leaseMs: 9_000, sweepMs: 3_000, evictAfterMs: 60_000, lagMs: 3_000 };

export async function openCluster(): Promise<Deployment> {
  const engines = await startEngines();
  const stage = new Stage(engines);
  const close = async () => {
    await stage.end();
    await engines.close();
  };
  try {
    const cluster = await Cluster.start(stage, engines, { count: REPLICAS, logLevel: 'silent' });
    const processes = () => cluster.replicas.map(({ process }) => process);
    return {
      get targets() {
        return processes();
      },
      get pids() {
        return processes().map(({ pid }) => pid);
      },
      rules: RULES,
      faults: [...ofReplicas(cluster), ...ofNetwork(cluster), ...ofEngines(cluster, stage, engines)],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function ofReplicas(cluster: Cluster): SoakFault[] {
  const well = () => allWell(cluster.replicas.map(({ process }) => process));
  const another = async (circumstances: Circumstances): Promise<void> => {
    await cluster.add();
    circumstances.renewed();
    await well();
  };
  return [
    {
      name: 'SIGKILL of a replica',
      run: (circumstances, random) =>
        circumstances.standstill(async () => {
          const victim = oneOf(cluster.replicas, random);
          await victim.process.kill();
          await sleep(random() * 1_000);
          cluster.takeOut(victim);
          await sleep(random() * 3_000);
          await another(circumstances);
        }),
    },
    {
      name: 'SIGKILL of all replicas',
      run: (circumstances, random) =>
        circumstances.cutApart(async () => {
          const old = cluster.replicas;
          await Promise.all(old.map(({ process }) => process.kill()));
          await sleep(random() * 2_000);
          await Promise.all(old.map(() => cluster.add()));
          for (const replica of old) cluster.takeOut(replica);
          circumstances.renewed();
          await well();
        }),
    },
    {
      name: 'SIGTERM of a replica',
      async run(circumstances, random) {
        const victim = oneOf(cluster.replicas, random);
        const { code, milliseconds } = await victim.process.terminate();
        if (code !== 0 || milliseconds > 10_000) throw new Error(`exit ${code} after ${milliseconds} ms`);
        cluster.takeOut(victim);
        await another(circumstances);
      },
    },
    {
      name: 'SIGSTOP of a replica',
      run: (circumstances, random) =>
        circumstances.cutApart(async () => {
          const victim = oneOf(cluster.replicas, random);
          await victim.process.stop();
          cluster.takeOut(victim);
          await sleep(500 + random() * 12_000);
          victim.process.go();
          cluster.bringBack(victim);
          await well();
        }),
    },
  ];
}

/** What may become of the connections to an engine. */
const NETWORK: Readonly<Record<string, (proxy: TcpProxy, random: Random) => void>> = {
  'a black hole before': (proxy) => proxy.blackHole(),
  'no connection to': (proxy) => proxy.cut(),
  'delay before': (proxy, random) => proxy.delay(random() * 200),
  'resets before': (proxy) => proxy.reset(),
  'a half-open way to': (proxy, random) => proxy.halfOpen(oneOf(['up', 'down'], random)),
  'forgotten connections at': (proxy) => proxy.orphan(),
};

function ofNetwork(cluster: Cluster): SoakFault[] {
  return Object.entries(NETWORK).flatMap(([what, apply]) =>
    ENGINES.map((engine) => ({
      name: `${what} ${engine}`,
      run: (circumstances, random) =>
        circumstances.cutApart(async () => {
          const cut = someOf(cluster.replicas, random).map(({ proxies }) => proxies[engine]);
          for (const proxy of cut) apply(proxy, random);
          await sleep(200 + random() * 10_000);
          for (const proxy of cut) proxy.heal();
          await allWell(cluster.replicas.map(({ process }) => process));
        }),
    })),
  );
}

function ofEngines(cluster: Cluster, stage: Stage, engines: Engines): SoakFault[] {
  const restart = (name: EngineName): SoakFault => {
    const { port } = engines[name];
    let { child } = engines[name];
    return {
      name: `${name} is killed and starts again`,
      run: (circumstances, random) =>
        circumstances.cutApart(async () => {
          await killServer({ child });
          await sleep(random() * 5_000);
          child = await restartEngine(stage, { child, port });
          await allWell(cluster.replicas.map(({ process }) => process));
        }),
    };
  };
  return [
    ...ENGINES.map(restart),
    {
      name: 'redis is flushed',
      async run() {
        const redis = new Redis(engines.redis.port);
        await redis.flushall();
        redis.disconnect();
      },
    },
  ];
}

/** One of them at least. */
function someOf(replicas: readonly Replica[], random: Random): Replica[] {
  const some = replicas.filter(() => random() < 0.5);
  return some.length > 0 ? some : [oneOf(replicas, random)];
}
