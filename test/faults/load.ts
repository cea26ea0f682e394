// The traffic of a row: instances that beat, registrations, deregistrations, reads and watchers, all at once.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Target } from './client.js';
import type { History } from './history.js';
import { Watcher } from './watcher.js';

export interface LoadOptions {
  /** Instances that beat, spread over three services. */
  readonly beating?: number;
  readonly beatEveryMs: number;
  /** Ids that are registered, moved and deregistered again and again, one after the other. */
  readonly churning?: number;
  /** New registrations that stay, at most so many. */
  readonly keeping?: number;
  readonly readers?: number;
  /** 0 where nobody watches. */
  readonly watchers?: number;
  /** What a worker waits between two requests. */
  readonly paceMs?: number;
  /** Sends tokens of this service. */
  readonly token?: { readonly secret: string; readonly serviceId: number };
}

/** Changes, heartbeats, and reads of all sorts. */
export type Kind = 'change' | 'beat' | 'read';

export const BEATING = ['asr', 'nmt', 'tts'] as const;
export const CHURNING = 'churn';
const KEPT = ['kept-0', 'kept-1', 'kept-2', 'kept-3'] as const;

/** As behind one address: each request goes to the next replica that takes it. */
export class Load {
  readonly client: Client;
  readonly #targets: () => readonly Target[];
  readonly #history: History;
  readonly #options: LoadOptions;
  readonly #watchers: Watcher[] = [];
  #workers: Promise<void>[] = [];
  #changing: Promise<void>[] = [];
  #stopped = false;
  #resting = false;
  readonly #crashed = new Set<Member>();
  #members: readonly Member[] = [];
  #next = 0;
  #kept = 0;

  /** `targets` may be others from one request to the next: a registry that restarts has a new port. */
  constructor(history: History, targets: () => readonly Target[], options: LoadOptions) {
    this.#history = history;
    this.#targets = targets;
    this.#options = options;
    this.client = new Client(history, options.token);
  }

  /** Registers the instances that beat, and starts everything. */
  async start(): Promise<void> {
    const { beating = 12, churning = 4, keeping = 100, readers = 3, watchers = 1 } = this.#options;
    const members = Array.from({ length: beating }, (_, n) => memberOf(n));
    this.#members = members;
    await Promise.all(members.map((member) => this.#enter(member)));
    for (let n = 0; n < watchers; n += 1) {
      const watcher = new Watcher(this.#history, `watcher-${n}`, () => this.#pick());
      this.#watchers.push(watcher);
      this.#workers.push(watcher.run());
    }
    this.#changing = [
      ...Array.from({ length: churning }, (_, n) => this.#churn(`churn-${n}`)),
      ...(keeping > 0 ? [this.#keep(keeping)] : []),
    ];
    this.#workers.push(
      ...this.#changing,
      ...members.map((member, n) => this.#keepBeating(member, (n / beating) * this.#options.beatEveryMs)),
      ...Array.from({ length: readers }, () => this.#read()),
    );
  }

  /** Ends the changes, and resolves when none is under way; heartbeats and reads go on. */
  async rest(): Promise<void> {
    this.#resting = true;
    await Promise.all(this.#changing);
  }

  /** Ends everything that asks; what was asked is in the history. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const watcher of this.#watchers) watcher.stop();
    await Promise.all(this.#workers);
    this.#workers = [];
    this.client.close();
  }

  /** One of those that beat does so no more, as one that crashed; the model expects it to go down in time. */
  crash(): Member {
    const member = this.#members.find((one) => !this.#crashed.has(one));
    if (member === undefined) throw new Error('nobody is left to crash');
    this.#crashed.add(member);
    return member;
  }

  get services(): readonly string[] {
    return [...BEATING, CHURNING, ...KEPT];
  }

  /** What each watcher believes to be there by now. */
  get watchers(): readonly Watcher[] {
    return this.#watchers;
  }

  /** Kinds of traffic that have to be there before and during a fault. */
  get kinds(): Kind[] {
    const { beating = 12, readers = 3, churning = 4 } = this.#options;
    return [
      ...(churning > 0 ? (['change'] as const) : []),
      ...(beating > 0 ? (['beat'] as const) : []),
      ...(readers > 0 ? (['read'] as const) : []),
    ];
  }

  #pick(): Target {
    const targets = this.#targets();
    this.#next += 1;
    const target = targets[this.#next % targets.length];
    if (target === undefined) throw new Error('there is no registry to ask');
    return target;
  }

  /** Asks one replica after the other until one does it, as a client behind a load balancer does. */
  async #insist(ask: (target: Target) => Promise<boolean>): Promise<void> {
    while (!this.#stopped) {
      if (await ask(this.#pick())) return;
      await sleep(50);
    }
  }

  async #enter({ service, id }: Member): Promise<void> {
    await this.#insist(async (target) => {
      const { outcome } = await this.client.register(target, service, id, urlOf(id, 0), {});
      return outcome === 'done';
    });
    await this.#insist(async (target) => (await this.client.beat(target, service, id)) === 200);
  }

  async #keepBeating(member: Member, afterMs: number): Promise<void> {
    const { service, id } = member;
    await this.#rest(afterMs);
    while (!this.#stopped && !this.#crashed.has(member)) {
      const began = performance.now();
      await this.#insist(async (target) => (await this.client.beat(target, service, id)) === 200);
      await this.#rest(this.#options.beatEveryMs - (performance.now() - began));
    }
  }

  async #churn(id: string): Promise<void> {
    for (let round = 0; !this.#stopped && !this.#resting; round += 1) {
      for (const url of [urlOf(id, 2 * round), urlOf(id, 2 * round + 1), null]) {
        await this.#insist(async (target) => {
          const made =
            url === null
              ? await this.client.deregister(target, CHURNING, id)
              : await this.client.register(target, CHURNING, id, url);
          return made.outcome === 'done';
        });
        await this.#rest();
      }
    }
  }

  async #keep(limit: number): Promise<void> {
    while (!this.#stopped && !this.#resting && this.#kept < limit) {
      const id = `kept-${this.#kept++}`;
      const service = KEPT[this.#kept % KEPT.length] ?? KEPT[0];
      await this.#insist(async (target) => {
        const { outcome } = await this.client.register(target, service, id, urlOf(id, 0));
        return outcome === 'done';
      });
      await this.#rest();
    }
  }

  async #read(): Promise<void> {
    for (let n = 0; !this.#stopped; n += 1) {
      const service = this.services[n % this.services.length] ?? CHURNING;
      const target = this.#pick();
      await this.client.list(target, service);
      await this.client.discover(target, service);
      await this.client.url(target, service);
      await this.#rest();
    }
  }

  /** Rests, in pieces: whoever stops does not wait for long. */
  async #rest(ms = this.#options.paceMs ?? 50): Promise<void> {
    const until = performance.now() + ms;
    for (let left = ms; left > 0 && !this.#stopped; left = until - performance.now()) {
      await sleep(Math.min(left, 100));
    }
  }
}

export interface Member {
  readonly service: string;
  readonly id: string;
}

function memberOf(n: number): Member {
  const service = BEATING[n % BEATING.length] ?? BEATING[0];
  return { service, id: `${service}-${n}` };
}

function urlOf(id: string, round: number): string {
  return `http://${id}-r${round}:8000`;
}
