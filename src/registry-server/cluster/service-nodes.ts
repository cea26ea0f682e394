// Brings the nodes of one service that this replica keeps together with the directory.
import type { Instance } from '../instance.js';
import type { ForeignChanges } from './foreign.js';
import { nodeData } from './node-data.js';
import { NodeView, type ViewContext } from './node-view.js';
import { isForeign, type Step, type StepOf, stepFor } from './projection.js';
import { eachOf } from './rounds.js';
import { ZookeeperRefused } from './zookeeper.js';

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
export interface NodesContext extends ViewContext {
  readonly foreign: ForeignChanges;
  readonly patience: Patience;
}

/** Steps that are taken at once. */
const WIDTH = 32;
/** So many nodes of ours that somebody deletes within this time are no deregistrations. */
export const MASS = 5;
const MASS_WITHIN_MS = 10_000;
const NO_PARENT = -101;
const NONE: Step = { kind: 'none' };
const NOBODY: ReadonlyMap<string, Instance> = new Map();

export class ServiceNodes {
  readonly #service: string;
  /** `{base}/{service}` */
  readonly #path: string;
  readonly #context: NodesContext;
  readonly #view: NodeView;
  /** Since when there is no node any more; monotonic. */
  #emptySince: number | undefined;
  /** Every instance has been looked at: since then those alone are that something has changed of. */
  #isLookedThrough = false;

  /** `changed` is called when a watch fires: `settle` has something to do. */
  constructor(service: string, basePath: string, context: NodesContext, changed: () => void) {
    this.#service = service;
    this.#path = `${basePath}/${service}`;
    this.#context = context;
    this.#view = new NodeView(service, basePath, context, changed);
  }

  /** Nothing is known and nothing will be told: it may be forgotten. */
  get isIdle(): boolean {
    return this.#view.isEmpty;
  }

  /** Another replica keeps the service: what is known is no longer followed. */
  rest(): void {
    this.#view.forgetAll();
    this.#emptySince = undefined;
    this.#isLookedThrough = false;
  }

  /** The directory has something else of the instance: `settle` has something to do. */
  changed(id: string): void {
    this.#view.unsettled.add(id);
  }

  /**
   * Answers after how many milliseconds to settle again, undefined where only a change gives cause to. Rejects where
   * ZooKeeper, or the writer, does not do it now; what could be done has been then.
   */
  async settle(): Promise<number | undefined> {
    const view = this.#view;
    const session = this.#context.zookeeper.sessionId;
    await view.refresh();
    const steps = this.#steps(session);
    if (!view.hasParents) await this.#parents(steps, session);
    if (steps.size === 0 && view.isCurrent) return this.#tidy();
    this.#emptySince = undefined;
    const waits: number[] = [];
    await eachOf([...steps], WIDTH, async ([id, step]) => {
      const wait = await this.#take(id, step, session);
      if (wait !== undefined) waits.push(wait);
    });
    if (!view.isCurrent) return 0;
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  /** What is to be done about the instances that something has changed of. */
  #steps(session: string): Map<string, Step> {
    const { known, lost, unsettled } = this.#view;
    const wanted = this.#context.catalog.service(this.#service)?.instances ?? NOBODY;
    if (!this.#isLookedThrough) for (const id of [...wanted.keys(), ...known.keys()]) unsettled.add(id);
    this.#isLookedThrough = true;
    const steps = new Map<string, Step>();
    for (const id of unsettled) {
      const registration = wanted.get(id)?.registration;
      if (registration === undefined) lost.delete(id);
      if (registration !== undefined && !known.has(id) && isForeign(registration)) {
        this.#view.noteLost(id, registration.incarnation, false);
      }
      const due = stepFor(registration, known.get(id), lost.get(id), session);
      // What is due and not allowed, or does not succeed, is looked at again each time.
      if (due.kind === 'none') unsettled.delete(id);
      const step = this.#allowed(id, due);
      if (step.kind !== 'none') steps.set(id, step);
    }
    return steps;
  }

  /** What is done instead of what a Config Service has no right to. */
  #allowed(id: string, step: Step): Step {
    const { catalog, foreign, news } = this.#context;
    if (step.kind !== 'adopt' && step.kind !== 'lost') return step;
    if (step.kind === 'lost' && isForeign(step.registration)) return foreign.readOnly ? NONE : step;
    const isClosed = foreign.isClosed(catalog, this.#service);
    if (step.kind === 'lost') {
      const putBack = isClosed || this.#isMassLoss(step.lost.since);
      return putBack ? { kind: 'create', registration: step.registration } : foreign.readOnly ? NONE : step;
    }
    if (!isClosed) return foreign.readOnly ? NONE : step;
    news.ignored(this.#view.pathOf(id), 'its service belongs to a service_id, and it comes without a token');
    const version = this.#view.known.get(id)?.version;
    if (step.before === undefined || isForeign(step.before) || version === undefined) return NONE;
    return { kind: 'replace', registration: step.before, version };
  }

  /** So many went at about that time that it was no deregistration: an administrator's `deleteall`, rather. */
  #isMassLoss(since: number): boolean {
    const { deletedAt } = this.#context;
    return deletedAt.filter((at) => Math.abs(at - since) <= MASS_WITHIN_MS).length >= MASS;
  }

  /** Answers as `settle`. */
  async #take(id: string, step: Step, session: string): Promise<number | undefined> {
    const { zookeeper, foreign, news } = this.#context;
    const view = this.#view;
    const path = view.pathOf(id);
    switch (step.kind) {
      case 'none':
        return undefined;
      case 'create': {
        const data = nodeData(step.registration);
        const created = await zookeeper.create(path, data, { ephemeral: true }).catch(isWithoutParent);
        if (created) view.wrote(id, step.registration, 0, session);
        else view.doubtNames();
        return undefined;
      }
      case 'write': {
        const written = await zookeeper.set(path, nodeData(step.registration), step.version);
        if (written) view.wrote(id, step.registration, step.version + 1, session);
        else view.doubt(id);
        return undefined;
      }
      case 'replace': {
        const data = nodeData(step.registration);
        const replaced = await zookeeper.transact([
          { kind: 'remove', path, version: step.version },
          { kind: 'create', path, data, ephemeral: true },
        ]);
        if (replaced && view.known.get(id)?.content.kind === 'own') news.tookOver(this.#service);
        if (replaced) view.wrote(id, step.registration, 0, session);
        view.doubt(id);
        return undefined;
      }
      case 'adopt': {
        const known = view.known.get(id);
        const registration = await foreign.adopt(step.told, step.before);
        if (registration === undefined) return 0;
        if (known !== undefined) known.agreed = registration;
        news.adopted(path);
        return undefined;
      }
      case 'remove':
        return this.#remove(id, step);
      case 'lost':
        return this.#deregister(id, step);
    }
  }

  async #remove(id: string, { version, sure }: StepOf<'remove'>): Promise<number> {
    const { zookeeper, catalog, foreign, news } = this.#context;
    const view = this.#view;
    if (!sure) {
      await foreign.catchUp();
      const registration = catalog.find(this.#service, id);
      if (registration !== undefined && !isForeign(registration)) return 0;
      news.leftover(view.pathOf(id));
    }
    if (await zookeeper.remove(view.pathOf(id), version)) view.removed(id);
    else view.doubt(id);
    return 0;
  }

  async #deregister(id: string, { lost, registration }: StepOf<'lost'>): Promise<number | undefined> {
    const { zookeeper, clock, patience, foreign, news } = this.#context;
    const path = this.#view.pathOf(id);
    const wait = lost.since + (lost.ours ? patience.oursMs : patience.foreignMs) - clock.now();
    if (wait > 0) return wait;
    // Decided by all servers together: a read could be answered by one that is behind.
    if (await zookeeper.transact([{ kind: 'check', path }])) {
      this.#view.doubt(id);
      return undefined;
    }
    const reason = lost.ours ? 'its node was deleted' : 'its node is gone';
    if (await foreign.deregister(registration, reason)) news.deregistered(path, reason);
    return undefined;
  }

  // --- parents ---

  /** Creates the parents where there is something to put under them, with the first of that; else waits for them. */
  async #parents(steps: Map<string, Step>, session: string): Promise<void> {
    const { zookeeper } = this.#context;
    const view = this.#view;
    for (const [id, step] of steps) {
      if (step.kind !== 'create') continue;
      const created = await zookeeper.transact([
        { kind: 'create', path: this.#path, data: Buffer.alloc(0) },
        { kind: 'create', path: view.path, data: Buffer.alloc(0) },
        { kind: 'create', path: view.pathOf(id), data: nodeData(step.registration), ephemeral: true },
      ]);
      if (created) {
        view.wrote(id, step.registration, 0, session);
        steps.delete(id);
      } else await zookeeper.createAll(view.path);
      view.hasParents = true;
      view.doubtNames();
      return;
    }
    await view.awaitParents();
  }

  /** Removes the parents of the last node, where there was one. */
  async #tidy(): Promise<number | undefined> {
    const { zookeeper, patience, clock } = this.#context;
    const view = this.#view;
    if (view.known.size + view.lost.size > 0 || !view.hadNodes) return undefined;
    this.#emptySince ??= clock.now();
    const wait = this.#emptySince + patience.emptyMs - clock.now();
    if (wait > 0) return wait;
    this.#emptySince = undefined;
    view.hadNodes = false;
    // Not where somebody has come meanwhile, or keeps something else there.
    const removed = await zookeeper.transact([
      { kind: 'remove', path: view.path },
      { kind: 'remove', path: this.#path },
    ]);
    if (removed) view.hasParents = false;
    return undefined;
  }
}

/** False where the parents have gone since; throws any other error. */
function isWithoutParent(error: unknown): false {
  if (error instanceof ZookeeperRefused && error.code === NO_PARENT) return false;
  throw error;
}
