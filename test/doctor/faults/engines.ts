// Faults that turn engine.*: what listens where an engine should, or does not. Real engines are in ../engines.test.ts.
import net, { type Socket } from 'node:net';
import { listen, send, startInstrument } from '../../support/instrument.js';
import type { Deployment } from '../deployment.js';
import type { Fault } from './fault.js';

export const ENGINES: readonly Fault[] = [
  {
    name: 'nothing listens where the engines should',
    input: { engines: at('127.0.0.1:9') },
    expect: each('ENGINE_REFUSED'),
  },
  {
    name: 'the names of the engines do not resolve',
    input: { engines: at('engine.invalid:9') },
    expect: each('ENGINE_DNS'),
  },
  {
    name: 'a web server listens where the engines should',
    async break({ input, owns }) {
      const server = await startInstrument((_, response) => send(response, { status: 200, body: 'hello' }));
      owns(server);
      input.engines = at(new URL(server.url).host);
    },
    expect: each('ENGINE_OTHER_PROTOCOL'),
  },
  listening('the engines accept connections and never answer', () => undefined, each('ENGINE_TIMEOUT')),
  listening('the engines hang up at once', (socket) => socket.end(), each('ENGINE_BROKE')),
  {
    name: 'TLS is asked of engines that have none, and none of one that has it',
    async break(deployment) {
      // RFC 8446 §6: a fatal alert, decode_error, as a TLS server answers what is no handshake.
      const tls = await server(deployment, (socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 50])));
      const none = await server(deployment, (socket) => socket.once('data', () => socket.end('N')));
      deployment.input.engines = {
        zookeeper: tls,
        postgres: `postgres://${none}/registry?sslmode=require`,
        redis: `rediss://${none}`,
      };
    },
    expect: each('ENGINE_TLS'),
  },
  zookeeper('has no quorum', 'This ZooKeeper instance is not currently serving requests\n', {
    'engine.zookeeper': 'ENGINE_NOT_SERVING',
  }),
  zookeeper('sees no majority and only reads', 'Zookeeper version: 3.8.0\nMode: read-only\nNode count: 5\n', {
    'engine.zookeeper': 'ENGINE_READ_ONLY',
  }),
  zookeeper('does not answer srvr', 'srvr is not executed because it is not in the whitelist.\n', {
    'engine.zookeeper': 'ENGINE_NOT_TELLING',
  }),
  postgres('refuses the password', ['28P01', 'password authentication failed for user "registry"'], {
    'engine.postgres': 'ENGINE_AUTH',
  }),
  postgres('is still starting up', ['57P03', 'the database system is starting up'], {
    'engine.postgres': 'ENGINE_NOT_SERVING',
  }),
  redis(
    'asks for a password',
    { PING: '-NOAUTH Authentication required.' },
    { 'engine.redis': 'ENGINE_AUTH' },
  ),
  redis(
    'is still loading',
    { PING: '-LOADING Redis is loading the dataset in memory' },
    {
      'engine.redis': 'ENGINE_NOT_SERVING',
    },
  ),
  redis(
    'is a replica',
    { PING: '+PONG', info: '$12\r\nrole:slave\r\n' },
    {
      'engine.redis': 'ENGINE_READ_ONLY',
    },
  ),
];

function at(host: string) {
  return { zookeeper: host, postgres: `postgres://${host}/registry`, redis: `redis://${host}` };
}

function each(code: string): Fault['expect'] {
  return { 'engine.zookeeper': code, 'engine.postgres': code, 'engine.redis': code };
}

/** Something that speaks no protocol, or a little of one; answers `host:port`. */
async function server({ owns }: Deployment, handle: (socket: Socket) => unknown): Promise<string> {
  const { port, close } = await listen(net.createServer(handle));
  owns({ close });
  return `127.0.0.1:${port}`;
}

function listening(name: string, handle: (socket: Socket) => unknown, expect: Fault['expect']): Fault {
  return {
    name,
    async break(deployment) {
      deployment.input.engines = at(await server(deployment, handle));
    },
    expect,
  };
}

function zookeeper(what: string, answer: string, expect: Fault['expect']): Fault {
  return {
    name: `ZooKeeper ${what}`,
    async break(deployment) {
      const host = await server(deployment, (socket) => socket.once('data', () => socket.end(answer)));
      deployment.input.engines = { zookeeper: host, postgres: undefined, redis: undefined };
    },
    expect,
  };
}

/** Answers the first message with an ErrorResponse (PostgreSQL documentation, "Message Formats"). */
function postgres(what: string, [code, message]: [string, string], expect: Fault['expect']): Fault {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + fields.length);
  const answer = Buffer.concat([Buffer.from('E'), length, fields]);
  return {
    name: `PostgreSQL ${what}`,
    async break(deployment) {
      const host = await server(deployment, (socket) => socket.once('data', () => socket.end(answer)));
      const url = `postgres://registry@${host}/registry?sslmode=disable`;
      deployment.input.engines = { zookeeper: undefined, postgres: url, redis: undefined };
    },
    expect,
  };
}

/** Answers the commands it is given answers for, by the word in them. */
function redis(what: string, answers: Record<string, string>, expect: Fault['expect']): Fault {
  return {
    name: `Redis ${what}`,
    async break(deployment) {
      const host = await server(deployment, (socket) =>
        socket.on('data', (chunk) => {
          const asked = Object.entries(answers).find(([word]) => new RegExp(word, 'i').test(String(chunk)));
          if (asked) socket.write(`${asked[1]}\r\n`);
        }),
      );
      deployment.input.engines = { zookeeper: undefined, postgres: undefined, redis: `redis://${host}` };
    },
    expect,
  };
}
