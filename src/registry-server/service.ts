// A service as the catalog keeps it: its instances, whose they are and were, and its revision.
import type { Instance } from './instance.js';
import type { Tombstone } from './registration.js';

/** A service: its instances, and its revision, which grows with every change to any of them. */
export class Service {
  readonly name: string;
  readonly instances = new Map<string, Instance>();
  readonly #owners = new Map<number, number>();
  readonly #formerOwners = new Map<number, string>();
  revision: number;
  /** What the catalog's count of changes was after the latest of this service. */
  changedAt = 0;
  #healthy: readonly Instance[] | undefined;

  constructor(name: string, revision: number) {
    this.name = name;
    this.revision = revision;
  }

  /** As View.ownersOf. */
  *owners(): Generator<readonly [number, string | null]> {
    for (const owner of this.#owners.keys()) yield [owner, null];
    yield* this.#formerOwners;
  }

  /** Counts an instance of the owner in (1) or out (-1). */
  countOwner(owner: number | null, by: 1 | -1): void {
    if (owner === null) return;
    const count = (this.#owners.get(owner) ?? 0) + by;
    if (count > 0) this.#owners.set(owner, count);
    else this.#owners.delete(owner);
  }

  /** Remembers whose an instance was that is removed. */
  bury({ owner, removedAt }: Tombstone): void {
    if (owner !== null && (this.#formerOwners.get(owner) ?? '') < removedAt) {
      this.#formerOwners.set(owner, removedAt);
    }
  }

  /** Forgets owners of what was removed before `limit` (ISO 8601). */
  forgetBefore(limit: string): void {
    for (const [owner, removedAt] of this.#formerOwners) {
      if (removedAt < limit) this.#formerOwners.delete(owner);
    }
  }

  /** Kept until the next change: discovery reads it far more often than it changes. */
  get healthy(): readonly Instance[] {
    this.#healthy ??= [...this.instances.values()].filter((i) => i.registration.state === 'healthy');
    return this.#healthy;
  }

  /** To be called after every change; what is seen never changes without the revision growing. */
  changed(revision: number): void {
    this.revision = Math.max(this.revision + 1, revision);
    this.#healthy = undefined;
  }
}
