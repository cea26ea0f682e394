// The nodes of one service that this replica keeps: what is known of them, and how they come to be as the directory
// says. What is known is followed by watches; nothing is read twice without one having fired.
import { isDeepStrictEqual } from 'node:util';
import { isName, NAME_RULE } from '../../wire/names.js';
import type { Catalog } from '../catalog.js';
import type { Instance } from '../instance.js';
import type { Clock } from '../settings.js';
import type { ForeignChanges } from './foreign.js';
import { nodeData, readNode } from './node-data.js';
import type { NodesNews } from './nodes-news.js';
import { isForeign, type Known, type Lost, type Step, stepFor } from './projection.js';
import { eachOf } from './rounds.js';
import { type Zookeeper, ZookeeperRefused } from './zookeeper.js';

/** Waits before something that went is taken for gone, milliseconds. */
export interface Patience {
  /** The node of a foreign instance: a Config Service that restarts comes back, and its services register again. */
  readonly foreignMs: number;
  /** A node of ours that somebody deleted: where it was to be written anew, that follows at once. */
  readonly oursMs: number;
  /** The parents of the last node. */
  readonly emptyMs: number;
}

export const DEFAULT_PATIENCE: Patience = { foreignMs: 10_000, oursMs: 1_000, emptyMs: 10_000 };

/** What the nodes of all services share. */
export interface NodesContext {
  readonly zookeeper: Zookeeper;
  readonly catalog: Catalog;
  readonly foreign: ForeignChanges;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly news: NodesNews;
  /** Paths of the nodes of this session. */
  readonly held: Set<string>;
}

/** Calls under way at once for one service. */
const WIDTH = 32;
const NO_PARENT = -101;
const NOBODY: ReadonlyMap<string, Instance> = new Map();
/** Keys of watches that are of no node. */
const LIST = '/list';
const PARENT = '/parent';

export class ServiceNodes {
  readonly #name: string;
  readonly #service: string;
  readonly #instances: string;
  readonly #context: NodesContext;
  readonly #changed: () => void;
  /** Watches that have not fired yet. */
  readonly #armed = new Set<string>();
  readonly #known = new Map<string, Known>();
  readonly #lost = new Map<string, Lost>();
  /** Ids of nodes that have to be read. */
  readonly #unread = new Set<string>();
  #listed = false;
  /** `{service}/instances` is there. */
  #hasParents = false;
  /** There was a node, so that parents may be left of it. */
  #hadNodes = false;
  /** Since when there is no node any more; monotonic. */
  #emptySince: number | undefined;

  /** `changed` is called when a watch fires: `settle` has something to do. */
  constructor(name: string, basePath: string, context: NodesContext, changed: () => void) {
    this.#name = name;
    this.#service = `${basePath}/${name}`;
    this.#instances = `${this.#service}/instances`;
    this.#context = context;
    this.#changed = changed;
  }

  /** Nothing is known and nothing will be told: it may be forgotten. */
  get isIdle(): boolean {
    return this.#known.size + this.#armed.size + this.#lost.size === 0 && !this.#hadNodes;
  }

  /** Another replica keeps the service: what is known is no longer followed, and may become untrue. */
  rest(): void {
    this.#known.clear();
    this.#lost.clear();
    this.#unread.clear();
    this.#listed = false;
    this.#hadNodes = false;
    this.#emptySince = undefined;
  }

  /**
   * Brings nodes and directory together. Answers after how many milliseconds to look again, undefined where only a
   * change gives cause to. Rejects where ZooKeeper, or the writer, does not do it now.
   */
  async settle(): Promise<number | undefined> {
    const { catalog, zookeeper, clock } = this.#context;
    if (!this.#listed) await this.#list();
    await eachOf([...this.#unread], WIDTH, (id) => this.#read(id));
    const wanted = catalog.service(this.#name)?.instances ?? NOBODY;
    for (const id of this.#lost.keys()) if (!wanted.has(id)) this.#lost.delete(id);
    const session = zookeeper.sessionId;
    const steps: [id: string, step: Step][] = [];
    for (const id of new Set([...wanted.keys(), ...this.#known.keys()])) {
      const registration = wanted.get(id)?.registration;
      const known = this.#known.get(id);
      if (registration !== undefined && known === undefined && isForeign(registration)) {
        this.#noteLost(id, registration.incarnation, false);
      }
      const step = stepFor(registration, known, this.#lost.get(id), session);
      if (step.kind !== 'none') steps.push([id, step]);
    }
    if (!this.#hasParents) await this.#parents(steps, session);
    if (steps.length === 0 && this.#listed) return this.#tidy(clock.now());
    this.#emptySince = undefined;
    const waits: number[] = [];
    await eachOf(steps, WIDTH, async ([id, step]) => {
      const wait = await this.#take(id, step, session);
      if (wait !== undefined) waits.push(wait);
    });
    if (!this.#listed || this.#unread.size > 0) return 0;
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  // --- looking ---

  async #list(): Promise<void> {
    const { zookeeper, news } = this.#context;
    this.#listed = true;
    const names = await this.#ask(
      LIST,
      () => this.#unlist(),
      (watch) => zookeeper.children(this.#instances, watch),
    ).catch((error: unknown) => {
      this.#listed = false;
      throw error;
    });
    this.#hasParents = names !== undefined;
    const there = new Set(names);
    for (const id of this.#known.keys()) if (!there.has(id)) this.#forget(id);
    for (const id of there) {
      if (!isName(id)) news.ignored(`${this.#instances}/${id}`, `its name is not ${NAME_RULE}`);
      else if (!this.#known.has(id)) this.#unread.add(id);
    }
    this.#hadNodes ||= there.size > 0;
    if (names !== undefined) return;
    this.#hadNodes = false;
    // It is no single instance that somebody deregistered.
    for (const [id, { ours }] of this.#lost) if (ours) this.#lost.delete(id);
  }

  #unlist(): void {
    this.#listed = false;
  }

  async #read(id: string): Promise<void> {
    const { zookeeper, catalog, news, held } = this.#context;
    const path = `${this.#instances}/${id}`;
    this.#unread.delete(id);
    const unread = () => void this.#unread.add(id);
    const node = await this.#ask(id, unread, (watch) => zookeeper.get(path, watch)).catch(
      (error: unknown) => {
        unread();
        throw error;
      },
    );
    if (node === undefined) return this.#forget(id);
    const { version, owner, data } = node;
    const content = readNode(this.#name, id, data);
    const former = this.#known.get(id);
    const known: Known = { version, owner, content, agreed: undefined };
    if (content.kind === 'own') {
      const registration = catalog.find(this.#name, id);
      if (registration !== undefined && nodeData(registration).equals(data)) known.agreed = registration;
      else if (former?.version === version && former.owner === owner) known.agreed = former.agreed;
    } else if (content.kind === 'foreign' && isDeepStrictEqual(former?.content, content)) {
      if (former?.version === version && former.owner === owner) known.agreed = former.agreed;
    } else if (content.kind === 'unusable') news.ignored(path, content.why);
    this.#known.set(id, known);
    this.#lost.delete(id);
    if (owner === zookeeper.sessionId) held.add(path);
    else held.delete(path);
  }

  /** Asks with a watch where none is left from before. */
  async #ask<T>(
    key: string,
    fired: () => void,
    ask: (watch: (() => void) | undefined) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    if (this.#armed.has(key)) return ask(undefined);
    this.#armed.add(key);
    let answer: T | undefined;
    try {
      answer = await ask(() => {
        this.#armed.delete(key);
        fired();
        this.#changed();
      });
      return answer;
    } finally {
      if (answer === undefined) this.#armed.delete(key);
    }
  }

  /** The node of the id has gone, and it was not this replica that removed it. */
  #forget(id: string): void {
    const { zookeeper, held } = this.#context;
    const known = this.#known.get(id);
    this.#known.delete(id);
    this.#unread.delete(id);
    held.delete(`${this.#instances}/${id}`);
    if (known?.content.kind !== 'own' || known.owner !== zookeeper.sessionId || !this.#hasParents) return;
    this.#noteLost(id, known.content.incarnation, true);
  }

  #noteLost(id: string, incarnation: number, ours: boolean): void {
    if (this.#lost.get(id)?.incarnation === incarnation) return;
    this.#lost.set(id, { since: this.#context.clock.now(), ours, incarnation });
  }

  // --- doing ---

  /** Answers as `settle`. */
  async #take(id: string, step: Step, session: string): Promise<number | undefined> {
    const { zookeeper, news } = this.#context;
    const path = `${this.#instances}/${id}`;
    switch (step.kind) {
      case 'none':
        return undefined;
      case 'create': {
        const data = nodeData(step.registration);
        const created = await zookeeper.create(path, data, { ephemeral: true }).catch(isWithoutParent);
        if (created) this.#wrote(id, step.registration, 0, session);
        else this.#unlist();
        return undefined;
      }
      case 'write': {
        const written = await zookeeper.set(path, nodeData(step.registration), step.version);
        if (written) this.#wrote(id, step.registration, step.version + 1, session);
        else this.#unread.add(id);
        return undefined;
      }
      case 'replace': {
        const data = nodeData(step.registration);
        const replaced = await zookeeper.transact([
          { kind: 'remove', path, version: step.version },
          { kind: 'create', path, data, ephemeral: true },
        ]);
        if (replaced) {
          if (this.#known.get(id)?.content.kind === 'own') news.tookOver(this.#name);
          this.#wrote(id, step.registration, 0, session);
        }
        this.#unread.add(id);
        return undefined;
      }
      case 'remove':
        return this.#remove(id, step.version, step.sure);
      case 'adopt': {
        const known = this.#known.get(id);
        const registration = await this.#context.foreign.adopt(step.told, step.before);
        if (registration === undefined) return 0;
        if (known !== undefined) known.agreed = registration;
        news.adopted(path);
        return undefined;
      }
      case 'lost':
        return this.#deregister(id, step);
    }
  }

  /** The watch of what was written has fired, or there is none yet: it is read once more. */
  #wrote(id: string, registration: Known['agreed'] & object, version: number, owner: string): void {
    const { incarnation } = registration;
    this.#known.set(id, { version, owner, content: { kind: 'own', incarnation }, agreed: registration });
    this.#context.held.add(`${this.#instances}/${id}`);
    if (!this.#armed.has(id)) this.#unread.add(id);
  }

  /** Creates the parents where there is something to put under them, with the first of that, else waits for them. */
  async #parents(steps: [id: string, step: Step][], session: string): Promise<void> {
    const { zookeeper } = this.#context;
    const at = steps.findIndex(([, { kind }]) => kind === 'create');
    const [id, step] = steps[at] ?? [];
    if (id === undefined || step?.kind !== 'create') {
      // Whoever makes `{service}` makes `instances` next.
      const names = await this.#ask(
        PARENT,
        () => this.#unlist(),
        (watch) => zookeeper.children(this.#service, watch),
      );
      if (names?.includes('instances') === true) this.#unlist();
      return;
    }
    const parent = (path: string) => ({ kind: 'create', path, data: Buffer.alloc(0) }) as const;
    const data = nodeData(step.registration);
    const created = await zookeeper.transact([
      parent(this.#service),
      parent(this.#instances),
      { kind: 'create', path: `${this.#instances}/${id}`, data, ephemeral: true },
    ]);
    if (created) {
      this.#wrote(id, step.registration, 0, session);
      steps.splice(at, 1);
    } else await zookeeper.createAll(this.#instances);
    this.#hasParents = true;
    this.#unlist();
  }

  async #remove(id: string, version: number, sure: boolean): Promise<number | undefined> {
    const { zookeeper, catalog, foreign, held, news } = this.#context;
    const path = `${this.#instances}/${id}`;
    if (!sure) {
      await foreign.catchUp();
      const registration = catalog.find(this.#name, id);
      if (registration !== undefined && !isForeign(registration)) return 0;
      news.leftover(path);
    }
    if (await zookeeper.remove(path, version)) {
      this.#known.delete(id);
      held.delete(path);
    } else this.#unread.add(id);
    return 0;
  }

  async #deregister(
    id: string,
    { lost, registration }: Step & { kind: 'lost' },
  ): Promise<number | undefined> {
    const { zookeeper, clock, patience, foreign, news } = this.#context;
    const path = `${this.#instances}/${id}`;
    const wait = lost.since + (lost.ours ? patience.oursMs : patience.foreignMs) - clock.now();
    if (wait > 0) return wait;
    if ((await zookeeper.get(path)) !== undefined) {
      this.#unread.add(id);
      return undefined;
    }
    const reason = lost.ours ? 'its node was deleted' : 'its node is gone';
    if (await foreign.deregister(registration, reason)) news.deregistered(path, reason);
    return undefined;
  }

  /** Removes the parents of the last node, where there was one. */
  async #tidy(now: number): Promise<number | undefined> {
    const { zookeeper, patience } = this.#context;
    if (this.#known.size + this.#lost.size > 0 || !this.#hasParents || !this.#hadNodes) return undefined;
    this.#emptySince ??= now;
    const wait = this.#emptySince + patience.emptyMs - now;
    if (wait > 0) return wait;
    this.#emptySince = undefined;
    this.#hadNodes = false;
    const remove = (path: string) => ({ kind: 'remove', path }) as const;
    // Not where somebody has come meanwhile, or keeps something else there.
    if (await zookeeper.transact([remove(this.#instances), remove(this.#service)])) this.#hasParents = false;
    return undefined;
  }
}

/** False where the parents have gone since; throws any other error. */
function isWithoutParent(error: unknown): false {
  if (error instanceof ZookeeperRefused && error.code === NO_PARENT) return false;
  throw error;
}
