// The audit trail against the history: what happened is in it once.
import type { Client, Target } from './client.js';
import type { History } from './history.js';

export interface AuditRow {
  readonly seq: number;
  readonly service_name: string;
  readonly instance_id: string;
  readonly revision: number;
  readonly cause: string;
  readonly actor: string;
}

const PAGE = 1000;
const ASKED_FOR = ['registered', 'registered-again', 'address-changed', 'deregistered'];

/** All of a service's audit trail. */
export async function auditOf(client: Client, target: Target, service: string): Promise<AuditRow[]> {
  const rows: AuditRow[] = [];
  for (;;) {
    const after = rows.at(-1)?.seq ?? 0;
    const path = `/api/v1/registry/audit?service=${service}&limit=${PAGE}&after=${after}`;
    const { body, status, text } = await client.get(target, path);
    if (!Array.isArray(body)) throw new Error(`the audit trail was answered ${status} ${text}`);
    rows.push(...(body as AuditRow[]));
    if (body.length < PAGE) return rows;
  }
}

/** A row and those before it. */
function told(rows: readonly AuditRow[], row: AuditRow): string {
  const at = rows.indexOf(row);
  return rows
    .slice(Math.max(0, at - 4), at + 1)
    .map((one) => JSON.stringify(one))
    .join('\n');
}

/**
 * Throws where a revision of a service was given out twice or goes back, or where more changes of an instance are in the
 * trail than were asked for and may have been made, or fewer registrations than were acknowledged.
 */
export async function requireSoundAudit(
  client: Client,
  target: Target,
  services: readonly string[],
  { ops }: History,
): Promise<void> {
  for (const service of services) {
    const rows = await auditOf(client, target, service);
    let last = 0;
    for (const row of rows) {
      if (row.revision <= last) throw new Error(`revision ${row.revision} after ${last}: ${told(rows, row)}`);
      last = row.revision;
    }
    const changes = ops.filter((op) => op.kind === 'change').filter((op) => op.service === service);
    for (const id of new Set(changes.map((change) => change.id))) {
      const asked = changes.filter((change) => change.id === id && change.outcome !== 'nothing');
      const made = rows.filter((row) => row.instance_id === id && ASKED_FOR.includes(row.cause));
      const done = asked.filter(({ outcome, url }) => outcome === 'done' && url !== null);
      const registered = made.filter(({ cause }) => cause !== 'deregistered');
      const who = `${service}/${id}`;
      if (made.length > asked.length)
        throw new Error(`${who}: ${made.length} rows of ${asked.length} changes`);
      if (registered.length < done.length)
        throw new Error(`${who}: ${registered.length} rows of ${done.length} registrations`);
    }
  }
}
