// One watcher: follows the stream of events, resumes where it was cut, and lists again where it is told to (410).
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { seenOf, type Target } from './client.js';
import type { History, Seen } from './history.js';
import { lookedBefore } from './machine.js';

interface Told {
  readonly service_name: string;
  readonly revision: number;
  readonly instances: { instance_id: string; service_url: string; state: string }[];
}

export class Watcher {
  readonly #history: History;
  readonly #name: string;
  readonly #pick: () => Target;
  readonly #query: string;
  #lastId: string | undefined;
  #request: http.ClientRequest | undefined;
  #streams = 0;
  /** The same for all streams of which each continues the one before. */
  #stream = '';
  #stopped = false;
  /** What is there by all it was told. */
  readonly view = new Map<string, readonly Seen[]>();
  readonly revisions = new Map<string, number>();
  /** How many streams it resumed, and how often it had to begin anew. */
  readonly counts = { events: 0, resumed: 0, gone: 0, cut: 0 };

  /** Watches the services that are named, all where none is. */
  constructor(history: History, name: string, pick: () => Target, services: readonly string[] = []) {
    this.#history = history;
    this.#name = name;
    this.#pick = pick;
    this.#query = new URLSearchParams(
      services.map((service): [string, string] => ['service', service]),
    ).toString();
  }

  /** Watches until it is stopped. */
  async run(): Promise<void> {
    let target = this.#pick();
    while (!this.#stopped) {
      const seen = this.#streams;
      await this.#follow(target).catch(() => undefined);
      if (this.#stopped) return;
      this.counts.cut += 1;
      // One that does not answer at all: the next.
      if (this.#streams === seen) target = this.#pick();
      await sleep(20);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#request?.destroy();
  }

  async #follow(target: Target): Promise<void> {
    const headers = this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId };
    const request = http.get(`${target.url}/api/v1/registry/watch?${this.#query}`, { headers, agent: false });
    this.#request = request;
    if (this.#stopped) request.destroy();
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).once('error', reject);
      request.setTimeout(20_000, () => request.destroy(new Error('a silent stream')));
    });
    if (response.statusCode === 410) {
      this.#lastId = undefined;
      this.view.clear();
      this.counts.gone += 1;
      this.#streams += 1;
      response.resume();
      return;
    }
    if (response.statusCode !== 200) throw new Error(`watch answered ${response.statusCode}`);
    this.#streams += 1;
    if (this.#lastId === undefined) this.#stream = `${this.#name}#${this.#streams}`;
    else this.counts.resumed += 1;
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        this.#take(text.slice(0, end), target);
        text = text.slice(end + 2);
      }
    }
  }

  #take(frame: string, target: Target): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1];
    const id = field('id');
    if (id !== undefined) this.#lastId = id;
    if (field('event') !== 'service') return;
    const { service_name: service, revision, instances } = JSON.parse(field('data') ?? '{}') as Told;
    const rows = instances.map(seenOf);
    this.counts.events += 1;
    this.view.set(service, rows);
    this.revisions.set(service, revision);
    const [start, end] = [lookedBefore(), performance.now()];
    const asked = { kind: 'told', replica: target.name, service, start, end, status: 200 } as const;
    this.#history.add({ ...asked, detail: '', rows, stale: true, stream: this.#stream, revision });
  }
}
