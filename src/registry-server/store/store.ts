// What the registry keeps: one interface, one file per engine beside this one.
import type { AuditQuery, AuditRow } from '../../wire/audit.js';
import type { Stored } from '../directory.js';
import type { AuditEntry, Registration, Tombstone } from '../registration.js';

/** Everything one commit writes, whole or not at all. */
export interface Batch {
  readonly puts: readonly Registration[];
  readonly removes: readonly Tombstone[];
  readonly audit: readonly AuditEntry[];
}

export interface Store {
  /** What earlier runs left. A tombstone counts only where its instance is not among the registrations. */
  load(): Promise<Stored>;
  /** Resolves once the batch is durable: it survives `kill -9` and a loss of power. Rejects with nothing written. */
  commit(batch: Batch): Promise<void>;
  /** Forgets tombstones from before `limit`, and all but the newest 100,000; the revision floor keeps their revisions. */
  forgetBefore(limit: Date): Promise<void>;
  /** Rejects where nothing can be written at the moment. */
  probe(): Promise<void>;
  /** Rows of the audit trail, oldest first, as the query chooses them. */
  audit(query: AuditQuery): Promise<AuditRow[]>;
  close(): Promise<void>;
}

/** The audit trail keeps this many rows, the latest ones. */
export const AUDIT_ROWS = 100_000;
