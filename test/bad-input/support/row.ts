// What a row of the tables says, and the servers it can be run against.
import net from 'node:net';
import type { ErrorCode } from '../../../src/errors.js';
import { startConfigServiceReplica } from '../../support/config-service-replica.js';
import { startCoordinatorReplica } from '../../support/coordinator-replica.js';
import { type HostileKind, startHostile } from '../../support/hostile-registry.js';
import { type Instrument, json, listen, send, startInstrument } from '../../support/instrument.js';

/** A command line: words, or a text that is split at its spaces. `{url}`, `{port}` and `{folder}` stand for the row's own. */
export type Line = string | readonly string[];

/** One piece of bad input, and what the operator is told: the same in every format and for every command line. */
export interface Row {
  readonly name: string;
  readonly lines: readonly Line[];
  /** What is at `{url}`; unless told otherwise CONFIG_SERVICE_URL names it. Default: a Config Service with one service. */
  readonly registry?: Registry;
  /** On top of CONFIG_SERVICE_URL; an empty CONFIG_SERVICE_URL takes that away. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files of the working folder, by path; null makes a folder. */
  readonly files?: Readonly<Record<string, string | Buffer | null>>;
  /** Standard input. */
  readonly input?: string;
  readonly exit: number;
  readonly code: ErrorCode;
  readonly message: string | RegExp;
  readonly hint: string | RegExp;
  /** Must not be in anything that is printed. */
  readonly never?: string;
  /** True where the request that changes something is what fails. Default: none is sent. */
  readonly writes?: boolean;
}

export type Registry =
  | HostileKind
  | 'config-service'
  /** Takes tokens signed with SECRET. */
  | 'coordinator'
  /** Says yes to everything and does nothing. */
  | 'deaf'
  /** Takes no changes, as `regctl serve --read-only`. */
  | 'read-only'
  /** Nothing listens. */
  | 'closed'
  /** Another server's port: it speaks a protocol of its own. */
  | 'not-http'
  /** An http:// URL behind which is TLS. */
  | 'tls-only'
  /** An https:// URL whose handshake nobody takes up. */
  | 'mute';

export const SECRET = 'canary-0f8fad5b-d9cb-469f-a165-70867728950e';

/** The service that is registered where a row runs against a replica. */
export const REGISTERED = {
  service_name: 'asr-service',
  service_url: 'http://asr-service:8090',
  service_metadata: { instance_id: 'asr-1', status: 'healthy' },
};

export interface Server extends Instrument {
  /** What it holds, where it holds anything. */
  contents?(): unknown;
  readonly elsewhere?: Instrument;
  readonly caFile?: string;
}

export async function startServer(kind: Registry): Promise<Server> {
  if (kind === 'closed') return closedPort();
  if (kind === 'not-http') return otherProtocol();
  if (kind === 'config-service') {
    const replica = await startConfigServiceReplica();
    replica.registerRaw(REGISTERED);
    return replica;
  }
  if (kind === 'coordinator') {
    const replica = await startCoordinatorReplica({ secret: SECRET });
    replica.registerRaw({ service_id: 42, service_name: 'asr-service', url: 'http://asr-service:8090' });
    return replica;
  }
  if (kind === 'mute') {
    const { port, ...listening } = await listen(net.createServer());
    return { ...listening, url: `https://127.0.0.1:${port}`, requests: [] };
  }
  if (kind === 'deaf') {
    return startInstrument((request, response) => {
      const listed = request.method === 'GET' ? [{ instance_id: 'asr-1', ...REGISTERED }] : { status: 'ok' };
      send(response, json(200, listed));
    });
  }
  if (kind === 'read-only') {
    const refused = { detail: 'This registry is read-only', code: 'read-only' };
    return startInstrument((request, response) =>
      send(response, request.method === 'GET' ? json(200, []) : json(403, refused)),
    );
  }
  if (kind !== 'tls-only') return startHostile(kind);
  const server = await startHostile('self-signed');
  return { ...server, url: server.url.replace('https:', 'http:') };
}

async function closedPort(): Promise<Server> {
  const { port, close, ...counters } = await listen(net.createServer());
  await close();
  return { ...counters, url: `http://127.0.0.1:${port}`, requests: [], close: async () => undefined };
}

/** Greets first, as a mail server does. */
async function otherProtocol(): Promise<Server> {
  const server = net.createServer((socket) => socket.end('220 mail.example.com ESMTP ready\r\n'));
  const { port, ...listening } = await listen(server);
  return { ...listening, url: `http://127.0.0.1:${port}`, requests: [] };
}
