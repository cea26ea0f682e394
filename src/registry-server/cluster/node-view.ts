// What is known of the nodes of one service. Watches keep it true: nothing is read twice without one having fired.
import { isDeepStrictEqual } from 'node:util';
import { isName, NAME_RULE } from '../../wire/names.js';
import type { Catalog } from '../catalog.js';
import type { Registration } from '../registration.js';
import type { Clock } from '../settings.js';
import { type Content, nodeData, readNode } from './node-data.js';
import type { NodesNews } from './nodes-news.js';
import type { Known, Lost } from './projection.js';
import { eachOf } from './rounds.js';
import type { Zookeeper } from './zookeeper.js';

export interface ViewContext {
  readonly zookeeper: Zookeeper;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly news: NodesNews;
  /** Paths of the nodes of this session, of all services. */
  readonly held: Set<string>;
  /** When the latest of them were deleted by somebody else, monotonic. */
  readonly deletedAt: number[];
}

/** Nodes that are read at once. */
const WIDTH = 32;
/** The names are read again this much later than they changed, for each millisecond that it takes; this late at most. */
const PAUSE_PER_MS = 50;
const MAX_PAUSE_MS = 500;
/** Deletions by others. */
const REMEMBERED = 20;
/** In place of an id: the names of the nodes, and those beside their parent. */
const NAMES = '/names';
const PARENT = '/parent';

export class NodeView {
  /** `{base}/{service}/instances` */
  readonly path: string;
  readonly known = new Map<string, Known>();
  readonly lost = new Map<string, Lost>();
  /** Ids of nodes of which something else is known than before, for whoever acts on it to take out. */
  readonly unsettled = new Set<string>();
  /** `path` is there. */
  hasParents = false;
  /** There was a node, so that parents may be left of it. */
  hadNodes = false;
  readonly #service: string;
  readonly #context: ViewContext;
  readonly #changed: () => void;
  /** Watches that have not fired yet. */
  readonly #armed = new Set<string>();
  /** Ids of nodes that have to be read. */
  readonly #unread = new Set<string>();
  #isListed = false;
  /** What the latest list of the names took. */
  #listMs = 0;
  /** The names have changed, and are read again then. */
  #listing: NodeJS.Timeout | undefined;
  /** The watch of a node has fired since the latest refresh. */
  #hasFired = false;

  /** `changed` is called when a watch fires: there is something to read. */
  constructor(service: string, basePath: string, context: ViewContext, changed: () => void) {
    this.path = `${basePath}/${service}/instances`;
    this.#service = service;
    this.#context = context;
    this.#changed = changed;
  }

  pathOf(id: string): string {
    return `${this.path}/${id}`;
  }

  /** Nothing has to be read. */
  get isCurrent(): boolean {
    return this.#isListed && this.#unread.size === 0;
  }

  /** Nothing is known, and no watch will tell anything. */
  get isEmpty(): boolean {
    return this.known.size + this.lost.size + this.#armed.size === 0 && !this.hadNodes;
  }

  /** What is known may become untrue from now on. */
  forgetAll(): void {
    this.known.clear();
    this.lost.clear();
    this.unsettled.clear();
    this.#unread.clear();
    this.#isListed = false;
    this.hadNodes = false;
  }

  /** The names have to be read again. */
  doubtNames(): void {
    this.#isListed = false;
  }

  /** The node has to be read again. */
  doubt(id: string): void {
    this.#unread.add(id);
  }

  /** Reads what has to be read. */
  async refresh(): Promise<void> {
    // Names first where a node may have gone: they tell whether all went, with their parents.
    if (!this.#isListed || (this.#hasFired && this.#listing !== undefined)) await this.#list();
    this.#hasFired = false;
    await eachOf([...this.#unread], WIDTH, (id) => this.#read(id));
  }

  /** Waits for parents: whoever makes `{service}` makes `instances` next. */
  async awaitParents(): Promise<void> {
    const path = this.path.slice(0, -'/instances'.length);
    const names = await this.#ask(
      PARENT,
      () => this.#listNow(),
      (watch) => this.#context.zookeeper.children(path, watch),
    );
    if (names?.includes('instances') === true) this.doubtNames();
  }

  /** This replica wrote the node. It is read once more where no watch is left for it. */
  wrote(id: string, registration: Registration, version: number, owner: string): void {
    const content: Content = { kind: 'own', incarnation: registration.incarnation };
    this.known.set(id, { version, owner, content, agreed: registration });
    this.#context.held.add(this.pathOf(id));
    if (!this.#armed.has(id)) this.doubt(id);
  }

  /** This replica removed the node. */
  removed(id: string): void {
    this.known.delete(id);
    this.#unread.delete(id);
    this.#context.held.delete(this.pathOf(id));
  }

  /** The node of the incarnation is not there, and this replica has not removed it; `ours` as in Lost. */
  noteLost(id: string, incarnation: number, ours: boolean): void {
    if (this.lost.get(id)?.incarnation === incarnation) return;
    const { clock, deletedAt } = this.#context;
    const since = clock.now();
    this.lost.set(id, { since, ours, incarnation });
    if (!ours) return;
    deletedAt.push(since);
    if (deletedAt.length > REMEMBERED) deletedAt.shift();
  }

  /** A long list takes long, and while many instances come it changes all the time. */
  #listSoon(): void {
    const ms = Math.min(MAX_PAUSE_MS, PAUSE_PER_MS * this.#listMs);
    this.#listing ??= setTimeout(() => this.#listNow(), ms).unref();
  }

  #listNow(): void {
    this.doubtNames();
    this.#changed();
  }

  async #list(): Promise<void> {
    const { zookeeper, clock, news } = this.#context;
    const since = clock.now();
    clearTimeout(this.#listing);
    this.#listing = undefined;
    this.#isListed = true;
    const names = await this.#ask(
      NAMES,
      () => this.#listSoon(),
      (watch) => zookeeper.children(this.path, watch),
    ).catch((error: unknown) => {
      this.doubtNames();
      throw error;
    });
    this.#listMs = clock.now() - since;
    const there = new Set(names);
    this.hasParents = names !== undefined;
    this.hadNodes = this.hasParents && (this.hadNodes || there.size > 0);
    for (const id of this.known.keys()) if (!there.has(id)) this.#gone(id);
    for (const id of there) {
      if (!isName(id)) news.ignored(this.pathOf(id), `its name is not ${NAME_RULE}`);
      else if (!this.known.has(id)) this.doubt(id);
    }
    // Without the parents it was no single instance that somebody deregistered.
    if (!this.hasParents) for (const [id, { ours }] of this.lost) if (ours) this.lost.delete(id);
  }

  async #read(id: string): Promise<void> {
    const { zookeeper, news, held } = this.#context;
    const path = this.pathOf(id);
    const fired = () => {
      this.doubt(id);
      this.#hasFired = true;
      this.#changed();
    };
    this.#unread.delete(id);
    const node = await this.#ask(id, fired, (watch) => zookeeper.get(path, watch)).catch((error: unknown) => {
      this.doubt(id);
      throw error;
    });
    if (node === undefined) return this.#gone(id);
    const { version, owner, data } = node;
    const content = readNode(this.#service, id, data);
    if (content.kind === 'unusable') news.ignored(path, content.why);
    const read = { version, owner, content };
    this.known.set(id, { ...read, agreed: this.#agreed(id, read, data) });
    this.lost.delete(id);
    this.unsettled.add(id);
    if (owner === zookeeper.sessionId) held.add(path);
    else held.delete(path);
  }

  /** The registration that the node is known to agree with: it says so itself, or it is what it was before. */
  #agreed(id: string, read: Omit<Known, 'agreed'>, data: Buffer): Registration | undefined {
    const { content, version, owner } = read;
    const registration = this.#context.catalog.find(this.#service, id);
    if (content.kind === 'own' && registration !== undefined && nodeData(registration).equals(data)) {
      return registration;
    }
    const former = this.known.get(id);
    const isSame = former?.version === version && former.owner === owner;
    return isSame && isDeepStrictEqual(former.content, content) ? former.agreed : undefined;
  }

  /** The node has gone, and it was not this replica that removed it. */
  #gone(id: string): void {
    const known = this.known.get(id);
    this.removed(id);
    this.unsettled.add(id);
    if (known?.content.kind !== 'own' || !this.hasParents) return;
    if (known.owner === this.#context.zookeeper.sessionId) this.noteLost(id, known.content.incarnation, true);
  }

  /** Asks with a watch, but where one is left from before. */
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
      });
      return answer;
    } finally {
      if (answer === undefined) this.#armed.delete(key);
    }
  }
}
