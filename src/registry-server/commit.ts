// What one commit is made of: the changes that were asked for, and what the directory went through by itself.
import type { Unwritten } from './pending.js';
import type { View } from './plan.js';
import { type Change, keyOf, type Registration, type Tombstone } from './registration.js';
import type { Staged } from './staged.js';
import type { AuditRecord, Batch } from './store/store.js';

/** Somebody who waits for an answer. */
export interface Waiting {
  succeed(): void;
  fail(error: unknown): void;
}

/** A change that is asked for. */
export interface Submission extends Waiting {
  /** Plans against the view and keeps the answer for later. */
  plan(view: View): readonly Change[];
}

export interface Work {
  /** Those that the commit decides on. */
  readonly planned: readonly Submission[];
  /** What they change. */
  readonly changes: readonly Change[];
  readonly unwritten: Unwritten;
}

/** Plans one upon the other; whose plan throws fails with that, and changes nothing. */
export function planAll(submissions: readonly Submission[], view: Staged): Pick<Work, 'planned' | 'changes'> {
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

/** What is written: of each instance the last that is known, of the audit trail everything. */
export function batchOf(
  { changes, unwritten }: Pick<Work, 'changes' | 'unwritten'>,
  catalog: Pick<View, 'find'>,
  newEntry: () => string,
): Batch {
  const puts = new Map<string, Registration>();
  const removes = new Map<string, Tombstone>();
  for (const [key, { record, tombstone }] of unwritten.latest) {
    const registration = catalog.find(record.service, record.id);
    if (registration !== undefined) puts.set(key, atRevision(registration, record));
    else if (tombstone !== undefined) removes.set(key, atRevision(tombstone, record));
  }
  const audit: AuditRecord[] = [...unwritten.audit];
  for (const change of changes) {
    const key = keyOf(change.audit.service, change.audit.id);
    puts.delete(key);
    removes.delete(key);
    if (change.kind === 'put') puts.set(key, change.registration);
    else removes.set(key, change.tombstone);
    audit.push({ ...change.audit, entry: newEntry() });
  }
  return { puts: [...puts.values()], removes: [...removes.values()], audit };
}

/** The row at the revision of its latest audit record. */
function atRevision<T extends Registration | Tombstone>(row: T, { revision }: AuditRecord): T {
  return row.revision >= revision ? row : { ...row, revision };
}
