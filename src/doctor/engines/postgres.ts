// PostgreSQL, asked with `select 1` by its client for Node.
import { Socket } from 'node:net';
import type { PostgresAddress } from '../../engines/address.js';
import { PASSWORD_VARIABLE } from '../../engines/password.js';
import { offersNoTls, type PostgresTls, tlsOf } from '../../engines/postgres-tls.js';
import type { Secret } from '../../secret.js';
import { type EngineAnswer, failed, MAX_BYTES, otherProtocol, quoted, silent } from './answer.js';

/** Asks over a connection that ends with `signal`, with TLS as `sslmode` says. Never rejects. */
export async function askPostgres(
  address: PostgresAddress,
  password: Secret | undefined,
  signal: AbortSignal,
): Promise<EngineAnswer> {
  const answer = await ask(address, password, signal, tlsOf(address.sslmode));
  const plain = answer === 'no-tls' && address.sslmode === 'prefer';
  const final = plain ? await ask(address, password, signal, false) : answer;
  if (final !== 'no-tls') return final;
  return { problem: 'ENGINE_TLS', seen: `it offers no TLS, which sslmode=${address.sslmode} asks for` };
}

const ASK = "select 1 as one, current_setting('transaction_read_only') as read_only";

async function ask(
  { host, port, user, database }: PostgresAddress,
  password: Secret | undefined,
  signal: AbortSignal,
  ssl: PostgresTls,
): Promise<EngineAnswer | 'no-tls'> {
  const { Client } = await import('pg');
  if (signal.aborted) return silent(false);
  const socket = new Socket();
  const line = watch(socket, signal);
  const client = new Client({
    host,
    port,
    ...(user === undefined ? {} : { user }),
    ...(database === undefined ? {} : { database }),
    // A function, so that the library does not look elsewhere.
    password: () => password?.reveal() ?? '',
    ssl,
    stream: () => socket,
  });
  // What breaks rejects the call that is under way; without a listener it would end the process, too.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ one: number; read_only: string }>(ASK);
    const [row] = rows;
    if (row?.read_only === 'on')
      return { problem: 'ENGINE_READ_ONLY', seen: 'it takes no writes: a standby, or set to read only' };
    if (row?.one !== 1) return { problem: 'ENGINE_OTHER_PROTOCOL', seen: 'select 1 did not give 1' };
    await client.end();
    return { well: 'select 1 gave 1' };
  } catch (error) {
    if (signal.aborted) return silent(line.connected());
    return read(error, line.first(), password !== undefined);
  } finally {
    socket.destroy();
  }
}

/** Keeps the first bytes that arrive, and ends the connection with the signal or after too many. */
function watch(socket: Socket, signal: AbortSignal) {
  let connected = false;
  let first: Buffer | undefined;
  let bytes = 0;
  const stop = () => socket.destroy(new Error('no answer in time'));
  signal.addEventListener('abort', stop, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', stop));
  socket.once('connect', () => {
    connected = true;
  });
  socket.on('data', (chunk: Buffer) => {
    first ??= chunk;
    bytes += chunk.length;
    if (bytes > MAX_BYTES) socket.destroy(new Error('it sends more than an answer'));
  });
  return { connected: () => connected, first: () => first };
}

/** SQLSTATE classes and codes (PostgreSQL documentation, appendix A). */
const AUTHORIZATION = /^(28|42501)/;

function read(error: unknown, first: Buffer | undefined, hasPassword: boolean): EngineAnswer | 'no-tls' {
  const { code, message } = error as { code?: string; message: string };
  if (offersNoTls(error)) return 'no-tls';
  if (/client password must be/.test(message)) return noPassword();
  // A SQLSTATE has five characters; what net and tls throw is named otherwise.
  if (code !== undefined && /^[\dA-Z]{5}$/.test(code) && !code.startsWith('E')) {
    if (AUTHORIZATION.test(code)) {
      return hasPassword || !/password authentication failed/.test(message)
        ? { problem: 'ENGINE_AUTH', seen: quoted(message, 200) }
        : noPassword();
    }
    return { problem: 'ENGINE_NOT_SERVING', seen: quoted(message, 200) };
  }
  // It begins with authentication, an error, a notice, or its word on TLS.
  if (first !== undefined && !/^[RENS]/.test(first.toString('latin1', 0, 1))) return otherProtocol(first);
  if (/establishing an SSL connection/.test(message) && first !== undefined) return otherProtocol(first);
  return failed(error);
}

function noPassword(): EngineAnswer {
  const seen = `it asks for a password, and ${PASSWORD_VARIABLE.postgres} is not set`;
  return { problem: 'ENGINE_AUTH', seen };
}
