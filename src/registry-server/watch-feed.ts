// What watchers are told: the state of each service that changed, coalesced. State and not events, so that what is told
// late, twice or after a cut still leaves the watcher with what is true.
import type { Catalog } from './catalog.js';
import { instanceRows } from './listing.js';
import type { Service } from './service.js';

/** Where the frames of one watcher go. */
export interface Sink {
  /** False where it takes no more until it has drained. */
  write(text: string): boolean;
  end(): void;
}

/** Changes within this time are told together. */
const COALESCE_MS = 50;
/** Keeps proxies from taking a quiet stream for a dead one. */
const KEEP_ALIVE_MS = 15_000;

export class WatchFeed {
  readonly #catalog: Catalog;
  readonly #run: string;
  readonly #watchers = new Set<Watcher>();
  #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #keepAlive: NodeJS.Timeout | undefined;

  /** `run` tells the event ids of this run from those of others, whose counts mean nothing here. */
  constructor(catalog: Catalog, run: string) {
    this.#catalog = catalog;
    this.#run = run;
    catalog.onChange(({ name }) => this.#note(name));
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /**
   * Sends the state of the services named (of all where `names` is empty), from then on every change; with `since`, of
   * `changesOf`, only what changed after that.
   */
  subscribe(names: readonly string[], since: number | undefined, sink: Sink): Watcher {
    const watcher = new Watcher(new Set(names), sink, (services) => this.#frames(services));
    this.#watchers.add(watcher);
    this.#keepAlive ??= setInterval(() => this.#tellAll((each) => each.keepAlive()), KEEP_ALIVE_MS);
    const changed = since === undefined ? this.#catalog.services() : this.#catalog.changedSince(since);
    const first = new Set([...changed].map(({ name }) => name));
    if (since === undefined) for (const name of names) first.add(name);
    watcher.tell(first);
    return watcher;
  }

  unsubscribe(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
  }

  /** Ends every stream; their readers come back with the id of the last event. */
  close(): void {
    clearTimeout(this.#timer);
    this.#tellAll((watcher) => watcher.end());
    for (const watcher of this.#watchers) this.unsubscribe(watcher);
  }

  #note(name: string): void {
    if (this.#watchers.size === 0) return;
    this.#changed.add(name);
    this.#timer ??= setTimeout(() => this.#flush(), COALESCE_MS);
  }

  #flush(): void {
    this.#timer = undefined;
    const changed = this.#changed;
    this.#changed = new Set();
    // Rendered once for all who are up to date.
    const rendered = new Map<string, string>();
    const render = (services: Iterable<string>) => this.#frames(services, rendered);
    this.#tellAll((watcher) => watcher.tell(changed, render));
  }

  #tellAll(tell: (watcher: Watcher) => void): void {
    for (const watcher of this.#watchers) tell(watcher);
  }

  /** The id stands at the last frame alone: a stream cut before it is told all of them again. */
  #frames(services: Iterable<string>, rendered = new Map<string, string>()): string {
    let text = '';
    for (const name of services) {
      const frame = rendered.get(name) ?? this.#frame(name);
      rendered.set(name, frame);
      text += frame;
    }
    return `${text}event: synced\nid: ${this.#run}.${this.#catalog.changes}\ndata: {}\n\n`;
  }

  #frame(name: string): string {
    const service: Service | undefined = this.#catalog.service(name);
    const data = {
      service_name: name,
      revision: this.#catalog.revisionOf(name),
      instances: instanceRows(service?.instances.values() ?? []),
    };
    return `event: service\ndata: ${JSON.stringify(data)}\n\n`;
  }

  /** How many changes there were when the event was sent; undefined where what changed since cannot be told in full. */
  changesOf(eventId: string): number | undefined {
    const [, run, count = ''] = /^(.+)\.(\d{1,15})$/.exec(eventId) ?? [];
    const changes = Number(count);
    const known =
      run === this.#run && changes <= this.#catalog.changes && changes >= this.#catalog.forgottenAt;
    return known ? changes : undefined;
  }
}

type Render = (services: Iterable<string>) => string;

/** One watcher: what it wants, and what it has still to be told. */
export class Watcher {
  readonly #wanted: ReadonlySet<string>;
  readonly #sink: Sink;
  readonly #render: Render;
  #missed = new Set<string>();
  #full = false;

  constructor(wanted: ReadonlySet<string>, sink: Sink, render: Render) {
    this.#wanted = wanted;
    this.#sink = sink;
    this.#render = render;
  }

  /** Tells the state of the services; one that does not keep up is told later, and then what is true by then. */
  tell(services: Iterable<string>, render: Render = this.#render): void {
    const wanted = [...services].filter((name) => this.#wanted.size === 0 || this.#wanted.has(name));
    if (this.#full) for (const name of wanted) this.#missed.add(name);
    // The first answer says that all is told, also where there is nothing to tell.
    else if (wanted.length > 0 || render === this.#render) this.#full = !this.#sink.write(render(wanted));
  }

  /** The sink takes more again. */
  drained(): void {
    this.#full = false;
    const missed = this.#missed;
    this.#missed = new Set();
    if (missed.size > 0) this.tell(missed);
  }

  keepAlive(): void {
    if (!this.#full) this.#full = !this.#sink.write(': alive\n\n');
  }

  end(): void {
    this.#sink.end();
  }
}
