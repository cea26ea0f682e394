// engine.*: the engines behind the registry, asked directly. They require nothing, so that they tell the cause also
// where the registry is down.
import { isIPv6 } from 'node:net';
import {
  type Address,
  type Engines,
  postgresAddress,
  redisAddress,
  zookeeperAddress,
} from '../../engines/address.js';
import { PASSWORD_VARIABLE } from '../../engines/password.js';
import type { Secret } from '../../secret.js';
import { deploymentCheck, finding, found, notApplicable, pass } from '../check.js';
import type { DoctorContext } from '../context.js';
import { type EngineAnswer, LIMIT_MS } from '../engines/answer.js';
import { askPostgres } from '../engines/postgres.js';
import { askRedis } from '../engines/redis.js';
import { askZookeeper } from '../engines/zookeeper.js';
import { sh } from '../findings/entry.js';

interface Engine<A extends Address> {
  name: keyof Engines;
  title: string;
  about: string;
  /** Where it is, from the flag. */
  read(given: string): A;
  ask(address: A, password: Secret | undefined, signal: AbortSignal): Promise<EngineAnswer>;
  /** The command that asks it by hand. */
  byHand(given: string, address: A): string;
}

const CODES = [
  'ENGINE_DNS',
  'ENGINE_REFUSED',
  'ENGINE_TIMEOUT',
  'ENGINE_TLS',
  'ENGINE_BROKE',
  'ENGINE_OTHER_PROTOCOL',
  'ENGINE_NOT_SERVING',
  'ENGINE_READ_ONLY',
] as const;

function engine<A extends Address>(
  { name, title, about, read, ask, byHand }: Engine<A>,
  more: readonly string[],
) {
  const variable = name === 'zookeeper' ? '' : PASSWORD_VARIABLE[name];
  const form = name === 'zookeeper' ? 'HOST:PORT' : 'URL';
  return deploymentCheck({
    id: `engine.${name}`,
    title: `${title} serves when it is asked itself`,
    about: `${about} It needs no registry: where the registry says that ${title} is down and this passes, ${title} is well, and what lies between the two is not.`,
    checklist: name === 'zookeeper' ? ['debug.1', 'debug.2'] : ['debug.1'],
    codes: [...CODES, ...more],
    settles: true,
    async run(context) {
      const given = context.engines[name];
      if (given === undefined) return notApplicable(`no address of it is given: --${name} ${form}`);
      const address = read(given);
      const password = name === 'zookeeper' ? undefined : context.enginePassword(name);
      const answer = await within(context, (signal) => ask(address, password, signal));
      const at = `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
      // What listens there has the password, and may say it.
      const shown = (said: string) =>
        password?.appearsIn(said) ? `its answer is left out, for it has ${variable} in it` : said;
      if (answer.problem === undefined) return pass(`${at}: ${shown(answer.well)}`);
      const { problem } = answer;
      const seen = shown(answer.seen);
      const by = { engine: title, at, seen, ask: byHand(given, address), container: name };
      return found(finding(problem, { ...by, host: address.host, variable }));
    },
  });
}

/** Gives a question its time; its signal also fires when the check ends, so that no connection outlives it. */
function within<T>(context: DoctorContext, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const end = () => over.abort();
  context.sleep(LIMIT_MS).then(end, end);
  return ask(over.signal);
}

export const zookeeper = engine(
  {
    name: 'zookeeper',
    title: 'ZooKeeper',
    about:
      'With --zookeeper HOST:PORT: the four-letter word srvr, which says whether that server leads, follows or stands alone.',
    read: zookeeperAddress,
    ask: (address, _, signal) => askZookeeper(address, signal),
    byHand: (_, { host, port }) => `echo srvr | nc -w 5 ${sh(host)} ${port}`,
  },
  ['ENGINE_NOT_TELLING'],
);

export const postgres = engine(
  {
    name: 'postgres',
    title: 'PostgreSQL',
    about: `With --postgres URL: select 1, and whether it can be written to. The password comes from ${PASSWORD_VARIABLE.postgres}; TLS goes by sslmode in the URL, by default where the server offers it.`,
    read: postgresAddress,
    ask: askPostgres,
    byHand: (given) => `psql ${sh(given)} -c 'select 1'`,
  },
  ['ENGINE_AUTH'],
);

export const redis = engine(
  {
    name: 'redis',
    title: 'Redis',
    about: `With --redis URL: PING, and whether it is a replica, which takes no writes. The password comes from ${PASSWORD_VARIABLE.redis}; rediss:// is TLS.`,
    read: redisAddress,
    ask: askRedis,
    byHand: (given) => `redis-cli -u ${sh(given)} PING`,
  },
  ['ENGINE_AUTH'],
);
