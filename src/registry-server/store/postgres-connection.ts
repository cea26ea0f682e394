// A connection to PostgreSQL on which nothing waits for ever.
import { Socket } from 'node:net';
import type { PostgresQueryResult } from 'kysely';
import type { Client, CustomTypesConfig, QueryResult } from 'pg';
import { offersNoTls, type PostgresTls, tlsOf } from '../../engines/postgres-tls.js';
import type { PostgresLogin } from '../cluster/engines.js';

/** The schema everything of ours is in. */
export const SCHEMA = 'regctl';

/** A connection is made within this time, names and passwords included. */
const CONNECT_MS = 3_000;
/** A statement that takes longer is given up here; the server gives it up a second earlier where it hears us. */
export const PATIENCE_MS = 4_000;
/** Who holds the lock and falls silent, holds it no longer than this. */
const IDLE_IN_TRANSACTION_MS = 2_000;
const LONGEST_MESSAGE = 300;

/** PostgreSQL said no, or nothing. Carries no rows, statements or passwords. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
  /** SQLSTATE (PostgreSQL documentation, appendix A) or the code of the system; `ETIMEDOUT` where nothing came. */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

function failure(error: unknown): PostgresError {
  if (error instanceof PostgresError) return error;
  if (!(error instanceof Error)) return new PostgresError(String(error), '');
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const [line = ''] = error.message.split(/[\r\n]/, 1);
  return new PostgresError(line.slice(0, LONGEST_MESSAGE) || code, code);
}

const silent = (ms: number): PostgresError =>
  new PostgresError(`PostgreSQL gave no answer within ${ms / 1000} s`, 'ETIMEDOUT');

export class Connection {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #patienceMs: number;
  #gone: PostgresError | undefined;
  /** Queries that wait for an answer. */
  #asked = 0;
  /** Told where a question got no answer in time. */
  onSilent: () => void = () => undefined;
  /** Told once, when it can be used no more. */
  onGone: () => void = () => undefined;

  private constructor(client: Client, socket: Socket, patienceMs: number) {
    this.#client = client;
    this.#socket = socket;
    this.#patienceMs = patienceMs;
    client.on('error', (error) => this.#end(failure(error)));
    client.on('end', () => this.#end(new PostgresError('the connection to PostgreSQL ended', 'ECONNRESET')));
  }

  /** Rejects with PostgresError. `sslmode=prefer` goes on without TLS where the server has none. */
  static async open(login: PostgresLogin, patienceMs = PATIENCE_MS): Promise<Connection> {
    try {
      return await Connection.#open(login, patienceMs, tlsOf(login.sslmode));
    } catch (error) {
      if (login.sslmode !== 'prefer' || !offersNoTls(error)) throw failure(error);
    }
    try {
      return await Connection.#open(login, patienceMs, false);
    } catch (error) {
      throw failure(error);
    }
  }

  static async #open(login: PostgresLogin, patienceMs: number, ssl: PostgresTls): Promise<Connection> {
    const { Client, types } = await import('pg');
    const socket = new Socket();
    const client = new Client({
      host: login.host,
      port: login.port,
      ...(login.user === undefined ? {} : { user: login.user }),
      ...(login.database === undefined ? {} : { database: login.database }),
      // A function, so that the library does not look elsewhere.
      password: () => login.password?.() ?? '',
      ssl,
      stream: () => socket,
      keepAlive: true,
      application_name: 'regctl',
      options: settings(patienceMs),
      types: typesWith(types),
    });
    const connection = new Connection(client, socket, patienceMs);
    const late = setTimeout(() => connection.#end(silent(CONNECT_MS)), CONNECT_MS);
    try {
      await client.connect();
      return connection;
    } catch (error) {
      socket.destroy();
      throw connection.#gone?.code === 'ETIMEDOUT' ? connection.#gone : error;
    } finally {
      clearTimeout(late);
    }
  }

  get isGone(): boolean {
    return this.#gone !== undefined;
  }

  /** Nobody waits for an answer. */
  get isResting(): boolean {
    return this.#gone === undefined && this.#asked === 0;
  }

  /**
   * Answers the last of several statements, which take no values. Rejects with PostgresError; where no answer came in
   * time the connection is gone then.
   */
  async query<R>(text: string, values: readonly unknown[] = []): Promise<PostgresQueryResult<R>> {
    if (this.#gone !== undefined) throw this.#gone;
    const late = setTimeout(() => {
      this.#end(silent(this.#patienceMs));
      this.onSilent();
    }, this.#patienceMs);
    this.#asked += 1;
    try {
      const answer: QueryResult | QueryResult[] = await this.#client.query({ text, values: [...values] });
      const last = Array.isArray(answer) ? answer.at(-1) : answer;
      if (last === undefined) throw new PostgresError('PostgreSQL gave no answer', '');
      const { command, rowCount, rows } = last;
      return { command: command as PostgresQueryResult<R>['command'], rowCount: rowCount ?? 0, rows };
    } catch (error) {
      throw this.#gone ?? failure(error);
    } finally {
      clearTimeout(late);
      this.#asked -= 1;
    }
  }

  onNotification(listener: (payload: string) => void): void {
    this.#client.on('notification', ({ payload = '' }) => listener(payload));
  }

  /** Says good-bye, and waits for no answer. */
  close(): void {
    if (this.#gone !== undefined) return;
    this.#client.end().catch(() => undefined);
    this.#end(new PostgresError('the connection is closed', 'ECONNRESET'), false);
  }

  #end(why: PostgresError, atOnce = true): void {
    if (this.#gone !== undefined) return;
    this.#gone = why;
    if (atOnce) this.#socket.destroy(why);
    else this.#socket.destroySoon();
    this.onGone();
  }
}

/** What holds for every statement, whatever the server and the role are set to. */
function settings(patienceMs: number): string {
  const all = {
    search_path: SCHEMA,
    statement_timeout: patienceMs - 1_000,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    // What is acknowledged survives a crash of the server.
    synchronous_commit: 'on',
    client_encoding: 'UTF8',
  };
  return Object.entries(all)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/** 64-bit integers are numbers: what we count stays far below 2^53. */
function typesWith({ getTypeParser, builtins }: typeof import('pg').types): CustomTypesConfig {
  return {
    getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
      oid === builtins.INT8
        ? Number
        : getTypeParser(oid, format as 'text')) as CustomTypesConfig['getTypeParser'],
  };
}
