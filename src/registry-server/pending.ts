// What the directory went through by itself and the store does not know yet.
import { keyOf, type Tombstone, type Transition } from './registration.js';
import type { AuditRecord, Missed } from './store/store.js';

/** The latest of an instance. */
interface Latest {
  readonly record: AuditRecord;
  /** Set where the instance was evicted. */
  readonly tombstone: Tombstone | undefined;
}

/** Everything that waited. */
export interface Unwritten {
  /** By key of the instance. */
  readonly latest: ReadonlyMap<string, Latest>;
  readonly audit: readonly AuditRecord[];
}

/** Audit records that wait; beyond this the trail loses its oldest. */
const MAX_AUDIT = 20_000;

export class Pending {
  #latest = new Map<string, Latest>();
  #audit: AuditRecord[] = [];

  /** Instances that are to be written. */
  get size(): number {
    return this.#latest.size;
  }

  has(service: string, id: string): boolean {
    return this.#latest.has(keyOf(service, id));
  }

  /** Adds a transition; `entry` names it in the audit trail. */
  add({ audit, tombstone }: Transition, entry: string): void {
    const record = { ...audit, entry };
    this.#latest.set(keyOf(audit.service, audit.id), { record, tombstone });
    this.#audit.push(record);
    this.#bound();
  }

  /** Hands everything over. */
  take(): Unwritten {
    const taken = { latest: this.#latest, audit: this.#audit };
    this.#latest = new Map();
    this.#audit = [];
    return taken;
  }

  /** Takes back what could not be written; what came since is later. */
  putBack({ latest, audit }: Unwritten): void {
    this.#latest = new Map([...latest, ...this.#latest]);
    this.#audit = [...audit, ...this.#audit];
    this.#bound();
  }

  /**
   * Moves what waits behind what was committed: revisions of a service only grow in the audit trail. What was removed
   * is told of no more: after its removal that would read as if it had come back. Answers the highest revision given to
   * each service that it moved anything of.
   */
  follow(missed: Missed): ReadonlyMap<string, number> {
    const given = new Map<string, number>();
    if (this.#audit.length === 0) return given;
    const committed = new Map<string, number>();
    for (const { service, revision } of [...missed.puts, ...missed.removes]) {
      committed.set(service, Math.max(revision, committed.get(service) ?? 0));
    }
    if (committed.size === 0) return given;
    this.#drop(missed.removes);
    this.#audit = this.#audit.map((record) => {
      const { service, id } = record;
      const last = committed.get(service);
      if (last === undefined) return record;
      const revision = Math.max(record.revision, last + 1);
      committed.set(service, revision);
      if (revision === record.revision) return record;
      given.set(service, revision);
      const moved = { ...record, revision };
      const key = keyOf(service, id);
      const latest = this.#latest.get(key);
      if (latest?.record === record) this.#latest.set(key, { ...latest, record: moved });
      return moved;
    });
    return given;
  }

  #drop(removed: Missed['removes']): void {
    const gone = new Set(removed.map(({ service, id }) => keyOf(service, id)));
    if (gone.size === 0) return;
    for (const key of gone) this.#latest.delete(key);
    this.#audit = this.#audit.filter(({ service, id }) => !gone.has(keyOf(service, id)));
  }

  #bound(): void {
    const excess = this.#audit.length - MAX_AUDIT;
    if (excess > 0) this.#audit.splice(0, excess);
  }
}
