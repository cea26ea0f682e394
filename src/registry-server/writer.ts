// Group commit: changes are planned in batches, durable in one transaction, and only then applied and answered.
import { randomUUID } from 'node:crypto';
import { batchOf, planAll, type Submission, type Waiting, type Work } from './commit.js';
import type { Directory } from './directory.js';
import { Pending } from './pending.js';
import type { Planned, View } from './plan.js';
import type { Transition } from './registration.js';
import { lostBy } from './restored.js';
import { type Clock, moment } from './settings.js';
import { Staged } from './staged.js';
import { type Missed, Undecided, type Writable } from './store/store.js';

/** The store cannot take changes now; its message says whether anything may have been changed. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

export interface WriterLog {
  info(message: string): void;
  error(details: object, message: string): void;
}

const MAX_BATCH = 1000;
const MAX_QUEUE = 20_000;
const RETRY_MS = 1000;

export class Writer {
  readonly #store: Writable;
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #log: WriterLog;
  readonly #run: string;
  #submissions: Submission[] = [];
  /** They wait until this replica knows what the others committed. */
  #followers: Waiting[] = [];
  readonly #pending = new Pending();
  #entries = 0;
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #problem: string | undefined;

  /** `run` is of this writer alone: it begins the names of its audit records. */
  constructor(
    store: Writable,
    directory: Directory,
    clock: Clock,
    log: WriterLog,
    run: string = randomUUID(),
  ) {
    this.#store = store;
    this.#directory = directory;
    this.#clock = clock;
    this.#log = log;
    this.#run = run;
  }

  /** Why nothing can be written at the moment, undefined where it can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Changes that wait to be written. */
  get waiting(): number {
    return this.#submissions.length + this.#pending.size;
  }

  /**
   * Queues a change. Resolves with the plan's answer once it is durable and applied; rejects with what the plan threw,
   * or with StoreUnavailable, and nothing is changed then but where its message says that nobody knows.
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
    for (const transition of transitions) this.#pending.add(transition, this.#newEntry());
    if (this.#retry === undefined) this.#start();
  }

  /** Resolves once the directory has what other replicas committed before this call; rejects with the store's error. */
  catchUp(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#followers.push({ succeed: resolve, fail: reject });
      this.#start();
    });
  }

  /** Writes what is queued; resolves when there is nothing left, or the store does not take it. */
  async close(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.#submissions.length + this.#pending.size > 0) this.#start();
    await this.#running;
    clearTimeout(this.#retry);
  }

  #newEntry(): string {
    this.#entries += 1;
    return `${this.#run}/${this.#entries}`;
  }

  #start(): void {
    this.#running ??= this.#work();
  }

  async #work(): Promise<void> {
    let taken = true;
    // One turn of the event loop, so that requests that arrived together share a transaction.
    await new Promise((resolve) => setImmediate(resolve));
    do {
      await this.#follow(this.#followers.splice(0));
      const submissions = this.#submissions.splice(0, MAX_BATCH);
      if (submissions.length > 0 || (taken && this.#pending.size > 0)) taken = await this.#write(submissions);
    } while (this.#submissions.length + this.#followers.length > 0 || (taken && this.#pending.size > 0));
    // In the same turn as the look at what is queued: who submits after it starts anew.
    this.#running = undefined;
  }

  async #follow(followers: readonly Waiting[]): Promise<void> {
    if (followers.length === 0) return;
    try {
      const missed = await this.#store.catchUp();
      if (missed !== undefined) this.#take(missed);
      else if (!(await this.#write([]))) throw new StoreUnavailable('the database cannot be read anew');
    } catch (error) {
      for (const follower of followers) follower.fail(error);
      return;
    }
    for (const follower of followers) follower.succeed();
  }

  /** Brings the directory to where the store is; what it has not recorded yet comes after that. */
  #take(missed: Missed): void {
    const { whole = false } = missed;
    if (missed.puts.length + missed.removes.length === 0 && !whole) return;
    const at = moment(this.#clock);
    // What comes back from an earlier time says nothing of the present state of what is known here.
    const isDirty = (service: string, id: string) => whole || this.#pending.has(service, id);
    const { catalog } = this.#directory;
    this.#directory.take(missed, isDirty, at);
    for (const { service, revision } of [...missed.puts, ...missed.removes]) catalog.raise(service, revision);
    this.#moveBehind(missed);
    if (!whole) return;
    const lost = lostBy(missed, catalog, at);
    for (const transition of lost) this.#pending.add(transition, this.#newEntry());
    this.#log.error(
      { instances: lost.length },
      `the database went back to an earlier state, or is another one: ${lost.length} instances that it has lost, or has again, are written as they are known here`,
    );
  }

  /** What waits to be recorded comes after what was committed before it. */
  #moveBehind(committed: Missed): void {
    const { catalog } = this.#directory;
    for (const [service, revision] of this.#pending.follow(committed)) catalog.raise(service, revision);
  }

  /** False where the store is unavailable. */
  async #write(submissions: readonly Submission[]): Promise<boolean> {
    let work: Work | undefined;
    try {
      await this.#store.commit((missed) => {
        this.#take(missed);
        const { catalog } = this.#directory;
        work = { ...planAll(submissions, new Staged(catalog)), unwritten: this.#pending.take() };
        return batchOf(work, catalog, () => this.#newEntry());
      });
    } catch (error) {
      this.#failed(error, work?.planned ?? submissions);
      if (work !== undefined) this.#pending.putBack(work.unwritten);
      return false;
    }
    if (work === undefined) return true;
    const { planned, changes, unwritten } = work;
    if (changes.length + unwritten.audit.length > 0) this.#recovered();
    const at = moment(this.#clock);
    for (const change of changes) this.#directory.apply(change, at);
    // An instance may have gone through something meanwhile, under the revision that was being committed.
    this.#moveBehind({
      puts: changes.flatMap((change) => (change.kind === 'put' ? change.registration : [])),
      removes: changes.flatMap((change) => (change.kind === 'remove' ? change.tombstone : [])),
    });
    // Answered a turn later: by then the store has what arrived meanwhile to write.
    setImmediate(() => {
      for (const submission of planned) submission.succeed();
    });
    return true;
  }

  #failed(error: unknown, planned: readonly Submission[]): void {
    const cause = causeOf(error);
    if (this.#problem !== cause) this.#log.error({ err: error }, 'the store takes no changes');
    this.#problem = cause;
    const refusal =
      error instanceof Undecided
        ? `It is not known whether the registry stored this change: ${cause}. Ask again.`
        : `The registry cannot store changes: ${cause}. Nothing was changed.`;
    for (const submission of planned) submission.fail(new StoreUnavailable(refusal));
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
    if (this.#running !== undefined || this.#pending.size > 0) {
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
  const code = 'code' in error ? String(error.code) : '';
  return error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
