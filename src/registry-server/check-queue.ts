// Which health checks are due, of the services this registry checks.
import type { Catalog } from './catalog.js';
import { checkOf, type DueCheck } from './check-schedule.js';
import { DueQueue } from './due-queue.js';
import { type Instance, isChecked } from './instance.js';

/** Checks of services that others check are looked at again this much later: their keeper may be gone by then. */
const OTHERS_LATER_MS = 5000;

export class CheckQueue {
  readonly #catalog: Catalog;
  readonly #keeps: (service: string) => boolean;
  /** An instance is in it for every time it was scheduled at: the one that it is due at counts. */
  readonly #queue = new DueQueue<Instance>();

  constructor(catalog: Catalog, keeps: (service: string) => boolean) {
    this.#catalog = catalog;
    this.#keeps = keeps;
  }

  /** Sets when the next check of an instance is due (monotonic); nothing where its health is not checked. */
  schedule(instance: Instance, dueAt: number): void {
    instance.check.dueAt = dueAt;
    if (isChecked(instance)) this.#queue.add(dueAt, instance);
  }

  /** At most `limit` checks that are due, the longest due first, marked as under way. */
  take(now: number, limit: number): DueCheck[] {
    const taken: DueCheck[] = [];
    while (taken.length < limit) {
      const entry = this.#queue.take(now);
      if (entry === undefined) break;
      const { item } = entry;
      const check = this.#counts(entry.at, item) ? checkOf(item.registration) : undefined;
      if (check === undefined) continue;
      if (this.#keeps(check.service)) {
        item.check.dueAt = Number.POSITIVE_INFINITY;
        taken.push(check);
      } else {
        this.schedule(item, now + OTHERS_LATER_MS);
      }
    }
    return taken;
  }

  /** When to look again, Infinity where there is nothing to check. */
  nextAt(): number {
    for (;;) {
      const entry = this.#queue.peek();
      if (entry === undefined) return Number.POSITIVE_INFINITY;
      if (this.#counts(entry.at, entry.item)) return entry.at;
      this.#queue.take(entry.at);
    }
  }

  #counts(at: number, instance: Instance): boolean {
    const { service, id } = instance.registration;
    return (
      instance.check.dueAt === at && isChecked(instance) && this.#catalog.instance(service, id) === instance
    );
  }
}
