// A batch as SQLite's own text, which another thread can run in one go: libsql binds parameters in this one alone.
import type { Insertable } from 'kysely';
import { auditRow, instanceRow, tombstoneRow } from './rows.js';
import type { AuditTable, InstanceTable, TombstoneTable } from './schema.js';
import { AUDIT_ROWS, type Batch } from './store.js';

type Columns<T> = readonly (keyof T & string)[];

/** Of an instance, wherever there are rows of one. */
const KEY = ['service', 'id'] as const;

const INSTANCE: Columns<InstanceTable> = [
  ...KEY,
  'url',
  'health_url',
  'metadata',
  'declared',
  'service_id',
  'owner',
  'registered_from',
  'registered_at',
  'incarnation',
  'revision',
  'state',
  'beats',
  'change_seq',
];

const TOMBSTONE: Columns<TombstoneTable> = [
  ...KEY,
  'incarnation',
  'revision',
  'owner',
  'removed_at',
  'change_seq',
];

const AUDIT: Columns<Insertable<AuditTable>> = [
  ...KEY,
  'revision',
  'at',
  'actor',
  'cause',
  'from_state',
  'to_state',
  'detail',
  'entry',
];

/** One transaction that writes the batch, and leaves the latest rows of the audit trail. */
export function transactionOf({ puts, removes, audit }: Batch): string {
  const instances = puts.map((registration) => instanceRow(registration, 0));
  const tombstones = removes.map((tombstone) => tombstoneRow(tombstone, 0));
  return [
    'BEGIN',
    ...(puts.length > 0 ? [put('instances', INSTANCE, instances)] : []),
    ...(removes.length > 0
      ? [
          `DELETE FROM instances WHERE (${KEY}) IN (${values(KEY, tombstones)})`,
          put('tombstones', TOMBSTONE, tombstones),
        ]
      : []),
    insert('audit', AUDIT, audit.map(auditRow)),
    `DELETE FROM audit WHERE seq <= (SELECT max(seq) - ${AUDIT_ROWS} FROM audit)`,
    'COMMIT',
  ].join(';');
}

function insert<T>(table: string, columns: Columns<T>, rows: readonly T[]): string {
  return `INSERT INTO ${table} (${columns}) ${values(columns, rows)}`;
}

/** Inserts rows, which take the place of those of the same keys. */
function put<T>(table: string, columns: Columns<T>, rows: readonly T[]): string {
  const others = columns.slice(KEY.length).map((column) => `${column} = excluded.${column}`);
  return `${insert(table, columns, rows)} ON CONFLICT (${KEY}) DO UPDATE SET ${others}`;
}

function values<T>(columns: Columns<T>, rows: readonly T[]): string {
  return `VALUES ${rows.map((row) => `(${columns.map((column) => literal(row[column]))})`)}`;
}

/** In a string of SQLite's only the quote means anything. */
function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`;
}
