// Group commit: changes are planned in batches, durable in one transaction, and only then applied and answered.
import type { Directory } from './directory.js';
import type { Planned, View } from './plan.js';
import { type AuditEntry, type Change, keyOf, type Transition } from './registration.js';
import { type Clock, moment } from './settings.js';
import { Staged } from './staged.js';
import type { Batch, Store } from './store/store.js';

/** The store cannot take changes now; nothing was changed. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

export interface WriterLog {
  info(message: string): void;
  error(details: object, message: string): void;
}

interface Submission {
  /** Plans against the view and keeps the answer for later. */
  plan(view: View): readonly Change[];
  succeed(): void;
  fail(error: unknown): void;
}

const MAX_BATCH = 1000;
const MAX_QUEUE = 20_000;
/** Audit entries wait here while the store is unavailable; beyond this the trail loses its oldest. */
const MAX_AUDIT = 20_000;
const RETRY_MS = 1000;

export class Writer {
  readonly #store: Store;
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #log: WriterLog;
  #submissions: Submission[] = [];
  /** What the directory went through by itself and the store does not know yet, the latest of each instance. */
  #dirty = new Map<string, Transition>();
  #audit: AuditEntry[] = [];
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #problem: string | undefined;

  constructor(store: Store, directory: Directory, clock: Clock, log: WriterLog) {
    this.#store = store;
    this.#directory = directory;
    this.#clock = clock;
    this.#log = log;
  }

  /** Why nothing can be written at the moment, undefined where it can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * Queues a change. Resolves with the plan's answer once it is durable and applied; rejects with what the plan threw,
   * or with StoreUnavailable, and nothing is changed then.
   */
  submit<T>(plan: (view: View) => Planned<T>): Promise<T> {
    if (this.#submissions.length >= MAX_QUEUE) {
      return Promise.reject(new StoreUnavailable('too many changes are waiting to be written'));
    }
    return new Promise<T>((resolve, reject) => {
      let answer: { value: T } | undefined;
      this.#submissions.push({
        plan(view) {
          const planned = plan(view);
          answer = { value: planned.answer };
          return planned.changes;
        },
        succeed: () => (answer === undefined ? undefined : resolve(answer.value)),
        fail: reject,
      });
      this.#start();
    });
  }

  /** Makes durable, in the background, what the directory went through by itself. */
  record(transitions: readonly Transition[]): void {
    if (transitions.length === 0) return;
    for (const transition of transitions) {
      const { service, id } = transition.audit;
      this.#dirty.set(keyOf(service, id), transition);
      this.#audit.push(transition.audit);
    }
    this.#boundAudit();
    if (this.#retry === undefined) this.#start();
  }

  /** Writes what is queued; resolves when there is nothing left, or the store does not take it. */
  async close(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.#submissions.length + this.#dirty.size > 0) this.#start();
    await this.#running;
    clearTimeout(this.#retry);
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    do {
      // One turn of the event loop, so that requests that arrived together share a transaction.
      await new Promise((resolve) => setImmediate(resolve));
      const submissions = this.#submissions.splice(0, MAX_BATCH);
      if (!(await this.#write(submissions))) break;
    } while (this.#submissions.length > 0 || this.#dirty.size > 0);
  }

  #boundAudit(): void {
    const excess = this.#audit.length - MAX_AUDIT;
    if (excess > 0) this.#audit.splice(0, excess);
  }

  /** False where the store is unavailable and only transitions are left to be written. */
  async #write(submissions: readonly Submission[]): Promise<boolean> {
    const { planned, changes } = this.#plan(submissions);
    const dirty = this.#dirty;
    const audit = this.#audit;
    this.#dirty = new Map();
    this.#audit = [];
    try {
      const batch = batchOf(changes, dirty, audit, this.#directory.catalog);
      if (batch.audit.length > 0) await this.#store.commit(batch);
    } catch (error) {
      this.#failed(error, planned);
      this.#dirty = new Map([...dirty, ...this.#dirty]);
      this.#audit = [...audit, ...this.#audit];
      this.#boundAudit();
      return this.#submissions.length > 0;
    }
    if (changes.length + dirty.size > 0) this.#recovered();
    const at = moment(this.#clock);
    for (const change of changes) this.#directory.apply(change, at);
    for (const submission of planned) submission.succeed();
    return true;
  }

  #plan(submissions: readonly Submission[]): { planned: Submission[]; changes: Change[] } {
    const view = new Staged(this.#directory.catalog);
    const planned: Submission[] = [];
    const changes: Change[] = [];
    for (const submission of submissions) {
      try {
        const own = submission.plan(view);
        for (const change of own) view.add(change);
        changes.push(...own);
        planned.push(submission);
      } catch (error) {
        submission.fail(error);
      }
    }
    return { planned, changes };
  }

  #failed(error: unknown, planned: readonly Submission[]): void {
    const cause = causeOf(error);
    if (this.#problem !== cause) this.#log.error({ err: error }, 'the store takes no changes');
    this.#problem = cause;
    for (const submission of planned) {
      submission.fail(
        new StoreUnavailable(`The registry cannot store changes: ${cause}. Nothing was changed.`),
      );
    }
    this.#retry ??= setTimeout(() => void this.#tryAgain(), RETRY_MS);
  }

  #recovered(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#log.info('the store takes changes again');
  }

  async #tryAgain(): Promise<void> {
    this.#retry = undefined;
    if (this.#running !== undefined || this.#dirty.size > 0) {
      this.#start();
      return;
    }
    try {
      await this.#store.probe();
      this.#recovered();
    } catch (error) {
      this.#failed(error, []);
    }
  }
}

/** `disk I/O error (SQLITE_IOERR_WRITE)`. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? `${error.message} (${String(error.code)})` : error.message;
}

/** One commit: of each instance the last that is known, of the audit trail everything. */
function batchOf(
  changes: readonly Change[],
  dirty: ReadonlyMap<string, Transition>,
  past: readonly AuditEntry[],
  now: View,
): Batch {
  const puts = new Map<string, Batch['puts'][number]>();
  const removes = new Map<string, Batch['removes'][number]>();
  for (const [key, { audit, tombstone }] of dirty) {
    const registration = now.find(audit.service, audit.id);
    if (registration !== undefined) puts.set(key, registration);
    else if (tombstone !== undefined) removes.set(key, tombstone);
  }
  for (const change of changes) {
    const { service, id } = change.audit;
    const key = keyOf(service, id);
    if (change.kind === 'put') {
      puts.set(key, change.registration);
      removes.delete(key);
    } else {
      removes.set(key, change.tombstone);
      puts.delete(key);
    }
  }
  const audit = [...past, ...changes.map((change) => change.audit)];
  return { puts: [...puts.values()], removes: [...removes.values()], audit };
}
