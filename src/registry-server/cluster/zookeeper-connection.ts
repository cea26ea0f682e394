// One TCP connection to one ZooKeeper server. node-zookeeper-client connects anew by itself, but notices no server that
// has fallen silent, keeps half a frame of the old connection, and puts all watches back in one packet, which a server
// refuses from 1 MB on. Hence one client for each connection: what follows on a loss is decided by the one above.
import type { Socket } from 'node:net';
import type { Client, Exception } from 'node-zookeeper-client';

export interface Server {
  readonly host: string;
  readonly port: number;
}

/** What a session is taken up again with. */
export interface Session {
  readonly id: Buffer;
  readonly password: Buffer;
  /** The latest change that was seen in it: a server that is behind does not take it up. */
  readonly zxid: Buffer;
}

/** The server says that the session is over: its ephemeral nodes are gone. */
export class SessionExpired extends Error {
  override readonly name = 'SessionExpired';
}

/**
 * The server ended the connection before there was a session: it is not serving, or it has not seen all that we have
 * and takes up no session that has.
 */
export class TurnedAway extends Error {
  override readonly name = 'TurnedAway';
}

export interface ConnectionOptions {
  readonly server: Server;
  readonly sessionTimeoutMs: number;
  /** A new session where it is left out. */
  readonly session: Session | undefined;
  /** Gives the attempt up. */
  readonly signal: AbortSignal;
}

/** Where the client keeps what has to be reached from here. */
interface Inside {
  servers: Server[];
  socket?: Socket;
  zxid: Buffer;
  connect(): void;
  onSocketData(chunk: Buffer): void;
  onSocketError(error: Error): void;
}

type Answer<T> = (error: Error | Exception | null, value: T) => void;

/** A call that is not answered yet. */
interface Waiting {
  readonly since: number;
  fail(error: Error): void;
}

/** A graceful end takes this long at most. */
const CLOSE_MS = 1_000;

export class Connection {
  readonly server: Server;
  /** Resolves with the reason once the connection is of no use any more. */
  readonly ended: Promise<Error>;
  readonly #client: Client;
  readonly #inside: Inside;
  readonly #taken: Session | undefined;
  readonly #waiting = new Set<Waiting>();
  #silenceMs: number;
  #heardAt = performance.now();
  #askedAt = performance.now();
  #over: Error | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #end: (reason: Error) => void = () => undefined;

  private constructor(client: Client, { server, sessionTimeoutMs, session }: ConnectionOptions) {
    this.server = server;
    this.#taken = session;
    this.#silenceMs = sessionTimeoutMs / 3;
    this.#client = client;
    this.#inside = (client as unknown as { connectionManager: Inside }).connectionManager;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Resolves once the session is there. Rejects with SessionExpired, or with why the server cannot be used. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const { session, sessionTimeoutMs, signal } = options;
    const { createClient } = await import('node-zookeeper-client');
    const settings = {
      sessionTimeout: sessionTimeoutMs,
      ...(session && { sessionId: session.id, sessionPassword: session.password }),
    };
    const connection = new Connection(createClient('one:1', settings), options);
    const giveUp = () => connection.drop(new Error('it is not needed any more'));
    signal.addEventListener('abort', giveUp, { once: true });
    const late = setTimeout(() => connection.drop(silent(sessionTimeoutMs / 3)), sessionTimeoutMs / 3);
    try {
      await connection.#connect();
      return connection;
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', giveUp);
    }
  }

  get session(): Session {
    return {
      id: this.#client.getSessionId(),
      password: this.#client.getSessionPassword(),
      zxid: Buffer.from(this.#inside.zxid),
    };
  }

  /** Milliseconds, as the server granted them. */
  get sessionTimeoutMs(): number {
    return this.#client.getSessionTimeout();
  }

  /** Asks the server. Rejects with what it answers, or with the reason for which the connection ended before. */
  call<T>(ask: (client: Client, answer: Answer<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) return reject(this.#over);
      const waiting = { since: performance.now(), fail: reject };
      this.#waiting.add(waiting);
      const answer: Answer<T> = (error, value) => {
        this.#waiting.delete(waiting);
        if (error === null || error === undefined) resolve(value);
        else reject(error);
      };
      this.#collect();
      try {
        ask(this.#client, answer);
      } catch (error) {
        answer(error instanceof Error ? error : new Error(String(error)), undefined as T);
      }
    });
  }

  /** What is asked in one turn of the event loop goes to the socket as one write. */
  #collect(): void {
    const { socket } = this.#inside;
    if (socket === undefined || socket.writableCorked > 0) return;
    socket.cork();
    // After all that the promises of this turn ask.
    setImmediate(() => socket.uncork());
  }

  /** Cuts the connection; the session goes on, and every call under way rejects. */
  drop(reason: Error): void {
    if (this.#over !== undefined) return;
    this.#over = reason;
    clearInterval(this.#watchdog);
    for (const { fail } of this.#waiting) fail(reason);
    this.#waiting.clear();
    // The client makes its socket in the next turn; with an error it forgets its own timer, too.
    setImmediate(() => this.#inside.socket?.destroy(reason));
    this.#end(reason);
  }

  /** Ends the session, for its ephemeral nodes to go at once, as far as the server takes notice within a second. */
  async close(): Promise<void> {
    if (this.#over !== undefined) return;
    const late = setTimeout(() => this.drop(silent(CLOSE_MS)), CLOSE_MS);
    this.#client.close();
    await this.ended;
    clearTimeout(late);
  }

  #connect(): Promise<void> {
    const client = this.#client;
    const inside = this.#inside;
    let cause: Error | undefined;
    let refusal: Error = new TurnedAway('the server closed the connection');
    const lost = () => this.drop(cause ?? refusal);
    const { onSocketData, onSocketError } = inside;
    inside.servers = [this.server];
    if (this.#taken !== undefined) inside.zxid = this.#taken.zxid;
    inside.onSocketError = (error) => {
      cause ??= error;
      onSocketError.call(inside, error);
    };
    inside.onSocketData = (chunk) => {
      this.#heardAt = performance.now();
      try {
        onSocketData.call(inside, chunk);
      } catch (error) {
        // Not ZooKeeper's protocol.
        this.drop(error instanceof Error ? error : new Error(String(error)));
      }
    };
    return new Promise((resolve, reject) => {
      client.on('connected', () => {
        refusal = new Error('the server closed the connection');
        this.#watch();
        resolve();
      });
      client.on('expired', () => this.drop(new SessionExpired('the session has expired')));
      client.on('disconnected', lost);
      void this.ended.then(reject);
      client.connect();
      // From here on it is asked to connect anew where the connection was lost.
      inside.connect = lost;
    });
  }

  /** Asks for a sign of life every third of the session; without one for another third the connection is of no use. */
  #watch(): void {
    this.#silenceMs = this.sessionTimeoutMs / 3;
    this.#watchdog = setInterval(() => this.#look(), this.#silenceMs / 4);
  }

  #look(): void {
    const now = performance.now();
    if (now - this.#askedAt >= this.#silenceMs) {
      this.#askedAt = now;
      this.call<unknown>((client, answer) => client.exists('/', answer)).catch((reason: Error) =>
        this.drop(reason),
      );
    }
    // What came in while this process stood still is read first.
    if (this.#isSilent()) setImmediate(() => this.#isSilent() && this.drop(silent(this.#silenceMs)));
  }

  /** ZooKeeper answers in order: while it answers anything, no call is lost. */
  #isSilent(): boolean {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return false;
    return performance.now() - Math.max(oldest.since, this.#heardAt) > this.#silenceMs;
  }
}

function silent(ms: number): Error {
  return new Error(`no answer within ${Math.round(ms)} ms`);
}
