// Hears of what other replicas write: at once by NOTIFY, and by asking every second, as notifications may be lost.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../settings.js';
import type { Connection } from './postgres-connection.js';

/** The channel of NOTIFY; the payload is the origin of what was written. */
export const CHANNEL = 'regctl';

const POLL_MS = 1_000;
/** Changes within this time are looked at together. */
const TOGETHER_MS = 20;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2_000;

export interface StoreLog {
  info(message: string): void;
  warn(details: object, message: string): void;
}

export interface WatchOptions {
  /** Makes a connection that is used for nothing else. */
  readonly open: () => Promise<Connection>;
  /** Notifications of this origin are no news. */
  readonly origin: string;
  /** Looks for news over the connection. */
  readonly look: (connection: Connection) => Promise<void>;
  readonly random: Random;
  readonly log: StoreLog;
}

export class Watch {
  readonly #options: WatchOptions;
  readonly #closing = new AbortController();
  #connection: Connection | undefined;
  #healthy = true;
  #wake: () => void = () => undefined;

  /** Begins at once; a connection that is lost is made anew, later and later up to 2 s. */
  constructor(options: WatchOptions) {
    this.#options = options;
    void this.#run();
  }

  /** PostgreSQL answered the latest question, at most about 5 s ago. */
  get healthy(): boolean {
    return this.#healthy;
  }

  close(): void {
    this.#closing.abort();
    this.#connection?.close();
    this.#wake();
  }

  async #run(): Promise<void> {
    const { random, log } = this.#options;
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      try {
        await this.#follow(() => {
          if (!this.#healthy) log.info('PostgreSQL answers again');
          this.#healthy = true;
          failures = 0;
        });
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        if (this.#healthy) log.warn({ err: error }, 'PostgreSQL does not answer');
        this.#healthy = false;
        const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures) * (0.5 + random() / 2);
        failures += 1;
        await this.#sleep(wait);
      }
    }
  }

  /** Rejects when the connection is lost; resolves when the watch is closed. */
  async #follow(answered: () => void): Promise<void> {
    const { open, origin, look } = this.#options;
    const connection = await open();
    this.#connection = connection;
    try {
      let news = false;
      connection.onNotification((from) => {
        if (from === origin) return;
        news = true;
        this.#wake();
      });
      connection.onGone = () => this.#wake();
      await connection.query(`listen ${CHANNEL}`);
      while (!this.#closing.signal.aborted) {
        news = false;
        await look(connection);
        answered();
        if (!news && !connection.isGone) await this.#pause(POLL_MS);
        if (news) await this.#sleep(TOGETHER_MS);
      }
    } finally {
      connection.close();
    }
  }

  /** Ends early where the watch is closed. */
  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  /** Ends early where there is news. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const due = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(due);
        resolve();
      };
    });
  }
}
