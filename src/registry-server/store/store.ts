// What the registry keeps: one interface, one file per engine beside this one.
import type { AuditQuery, AuditRow } from '../../wire/audit.js';
import type { Stored } from '../directory.js';
import type { AuditEntry, Registration, Tombstone } from '../registration.js';

/** An entry of the audit trail under a name that no other has: written twice, it is one row. */
export interface AuditRecord extends AuditEntry {
  readonly entry: string;
}

/** Everything one commit writes, whole or not at all. Without audit records there is nothing to write. */
export interface Batch {
  readonly puts: readonly Registration[];
  readonly removes: readonly Tombstone[];
  readonly audit: readonly AuditRecord[];
}

/** What other replicas committed since this one last looked; no instance is in both. Nothing where there are none. */
export interface Missed {
  readonly puts: readonly Registration[];
  readonly removes: readonly Tombstone[];
  /** It is all there is: the store is no longer the one that it was, and may have lost what was in it. */
  readonly whole?: boolean;
}

export const NOTHING_MISSED: Missed = { puts: [], removes: [] };

/** The answer to a commit was lost, and it could not be found out since whether it is in the store. */
export class Undecided extends Error {
  override readonly name = 'Undecided';
}

/** A store to those who change what it keeps. */
export interface Writable {
  /**
   * Writes what `prepare` answers, which is called at most once, while no other replica can write: what it is told is
   * all that was missed. Resolves once the batch is durable: it survives `kill -9` and a loss of power. Rejects with
   * nothing written, or with Undecided.
   */
  commit(prepare: (missed: Missed) => Batch): Promise<void>;
  /**
   * What other replicas committed since the last call of this, of `commit` or of `load`; undefined where the store is no
   * longer the one that it was: `commit` tells what it has.
   */
  catchUp(): Promise<Missed | undefined>;
  /** Rejects where nothing can be written at the moment. */
  probe(): Promise<void>;
}

export interface Store extends Writable {
  /** What earlier runs left. A tombstone counts only where its instance is not among the registrations. */
  load(): Promise<Stored>;
  /** Forgets tombstones from before `limit`, and all but the newest 100,000; the revision floor keeps their revisions. */
  forgetBefore(limit: Date): Promise<void>;
  /** Rows of the audit trail, oldest first, as the query chooses them. */
  audit(query: AuditQuery): Promise<AuditRow[]>;
  close(): Promise<void>;
}

/** A store that replicas share, and learn of each other's changes from. */
export interface SharedStore extends Store {
  /** Told when there is something to catch up with: at once as a rule, within a second at the latest. */
  onChanged(listener: () => void): void;
  /** Hands entries to all other replicas, for a minute at most; they learn of them within a second. */
  spool(entries: readonly Uint8Array[]): Promise<void>;
  /** Told of every entry that another replica handed over, in the order of writing, `agoMs` after it was. */
  onSpooled(listener: (entry: Uint8Array, agoMs: number) => void): void;
  /** It answered within the last seconds. */
  readonly healthy: boolean;
  /** Milliseconds since when others may have written something that is not known here: while it answers, a second or so. */
  readonly unheardMs: number;
  /** Names the latest commit that this replica knows of: `database/number`, the first another one in another database. */
  readonly seen: string;
}

/** The audit trail keeps this many rows, the latest ones; where it is shared, up to 1,000 more for each replica. */
export const AUDIT_ROWS = 100_000;
