// What the network does to an engine, for all replicas at once: black hole, delay, reset, half-open.
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineName } from '../../support/engines.js';
import type { TcpProxy } from '../../support/tcp-proxy.js';
import type { Cluster } from '../cluster.js';
import type { Fault } from '../fault.js';
import type { Kind, Load } from '../load.js';
import type { Stage } from '../stage.js';

/** Longer than a lease, and than any deadline. */
const LONG_MS = 12_000;
const EVERYTHING: readonly Kind[] = ['change', 'beat', 'read'];

interface Network {
  readonly name: string;
  /** Nothing of the engine can be had while it lasts. */
  readonly isOutage: boolean;
  /** Brings it about and lets it last; throws where it did not happen. */
  apply(proxies: readonly TcpProxy[]): Promise<void>;
}

const held = (proxies: readonly TcpProxy[]): number => proxies.reduce((sum, proxy) => sum + proxy.held, 0);

const NETWORKS: readonly Network[] = [
  {
    name: 'is a black hole',
    isOutage: true,
    async apply(proxies) {
      for (const proxy of proxies) proxy.blackHole();
      await sleep(LONG_MS);
      if (held(proxies) === 0) throw new Error('nothing fell into the black hole');
    },
  },
  {
    name: 'answers late, 100 ms each way',
    isOutage: false,
    async apply(proxies) {
      const before = proxies.map(({ bytes }) => bytes.up);
      for (const proxy of proxies) proxy.delay(100);
      await sleep(LONG_MS);
      if (proxies.every(({ bytes }, n) => bytes.up === before[n])) throw new Error('nothing was delayed');
    },
  },
  {
    name: 'resets its connections again and again',
    isOutage: false,
    async apply(proxies) {
      const resets = () => proxies.reduce((sum, proxy) => sum + proxy.resets, 0);
      const before = resets();
      for (let round = 0; round < 6; round += 1) {
        for (const proxy of proxies) proxy.reset();
        await sleep(LONG_MS / 6);
      }
      if (resets() - before < 6) throw new Error('connections were not reset');
    },
  },
  {
    name: 'is half open: it hears and cannot be heard, then the reverse',
    isOutage: true,
    async apply(proxies) {
      for (const passing of ['up', 'down'] as const) {
        for (const proxy of proxies) proxy.halfOpen(passing);
        await sleep(LONG_MS / 2);
        if (held(proxies) === 0) throw new Error(`nothing was held while bytes passed ${passing} alone`);
      }
    },
  },
  {
    name: 'has forgotten its connections, which stay open here',
    isOutage: false,
    async apply(proxies) {
      const open = proxies.reduce((sum, { connections }) => sum + connections, 0);
      for (const proxy of proxies) proxy.orphan();
      await sleep(LONG_MS);
      if (open === 0) throw new Error('there was no connection to forget');
    },
  },
];

interface Engine {
  readonly title: string;
  /** What goes on through an outage. */
  readonly goesOn: readonly Kind[];
  readonly promise: string;
  readonly seen: string;
  /** Throws where an outage is not dealt with as promised. */
  during?(stage: Stage, load: Load, cluster: Cluster): Promise<void>;
}

const ENGINES: Readonly<Record<EngineName, Engine>> = {
  zookeeper: {
    title: 'ZooKeeper',
    goesOn: EVERYTHING,
    promise:
      'Reads go on from memory, marked stale; nothing is evicted; heartbeats reach the other replicas through PostgreSQL. It comes back by itself.',
    seen: 'Changes, heartbeats and reads were answered all along, reads marked; nothing that beat was down or missing; what crashed was down in its time once it was back.',
    during: requireStale,
  },
  postgres: {
    title: 'PostgreSQL',
    goesOn: ['beat', 'read'],
    promise:
      'Reads and heartbeats go on; registrations are answered 503, and what is said of them is so. It comes back by itself.',
    seen: 'Heartbeats and reads were answered all along; no 503 was a lie, no change in the audit trail twice; what was acknowledged was there.',
  },
  redis: {
    title: 'Redis',
    goesOn: EVERYTHING,
    promise: 'Answers are slower, nothing else.',
    seen: 'Changes, heartbeats and reads were answered all along, and every answer was right.',
  },
};

const GOT_OVER = {
  promise: 'It is got over: nothing is lost, nothing that beats is taken for down.',
  seen: 'Changes, heartbeats and reads went on; nothing that beat was down or missing; every answer was right, and every change is in the audit trail once.',
};

/** Every replica says of its answers that they may be out of date. */
async function requireStale(stage: Stage, load: Load, cluster: Cluster): Promise<void> {
  for (const { process } of cluster.replicas) {
    await stage.eventually(
      () => load.client.list(process, 'asr'),
      ({ stale }) => stale,
      `${process.name} does not say that it may be out of date`,
    );
  }
}

async function run(stage: Stage, name: EngineName, network: Network): Promise<string> {
  const { goesOn, during } = ENGINES[name];
  const { seen } = told(name, network);
  const cluster = await stage.cluster();
  const load = await stage.load();
  const proxies = cluster.proxies(name);
  const apart = <T>(act: () => Promise<T>) =>
    name === 'redis' ? act() : stage.standstill(() => stage.apart(act));
  await apart(async () => {
    await stage.during(async () => {
      const lasting = network.apply(proxies);
      // Every kind that has to go on does, from the first moment to the last.
      await sleep(LONG_MS / 2);
      await stage.traffic(10, network.isOutage ? goesOn : EVERYTHING);
      if (network.isOutage) await during?.(stage, load, cluster);
      await lasting;
    });
    for (const proxy of proxies) proxy.heal();
    await stage.traffic();
    await stage.healthy(cluster.replicas.map(({ process }) => process));
  });
  await stage.noticed(load, load.crash());
  await stage.checkAudit();
  await stage.check();
  return seen;
}

/** What is promised and seen: the engine's own where it cannot be had. */
function told(name: EngineName, { isOutage }: Network): { promise: string; seen: string } {
  return isOutage ? ENGINES[name] : GOT_OVER;
}

/** The rows of one engine. */
export function networkFaults(name: EngineName): readonly Fault[] {
  return NETWORKS.map((network) => ({
    name: `${ENGINES[name].title} ${network.name}`,
    mode: 'cluster',
    promise: told(name, network).promise,
    run: (stage) => run(stage, name, network),
  }));
}
