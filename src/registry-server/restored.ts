// A database that went back to an earlier state, or is another one: what it has lost and is known here is written again.
import type { Catalog } from './catalog.js';
import { keyOf, type Transition } from './registration.js';
import type { Moment } from './settings.js';
import type { Missed } from './store/store.js';

/**
 * What the database, of which `stored` is everything, does not know: registrations, states, and removals of what it has
 * again. To be asked once the catalog has what the database knows better.
 */
export function lostBy(stored: Missed, catalog: Catalog, { wall }: Moment): Transition[] {
  const rows = new Map(stored.puts.map((row) => [keyOf(row.service, row.id), row]));
  const buried = new Map(
    stored.removes.map(({ service, id, incarnation }) => [keyOf(service, id), incarnation]),
  );
  const auditOf = (service: string, id: string) => ({
    ...{ service, id, revision: catalog.touch(service), at: wall.toISOString() },
    ...({ actor: 'registry', cause: 'restored', detail: null } as const),
    from: rows.get(keyOf(service, id))?.state ?? null,
  });
  const lost: Transition[] = [];
  for (const { registration } of [...catalog.instances()]) {
    const { service, id, incarnation, state, beats } = registration;
    const row = rows.get(keyOf(service, id));
    if (row?.incarnation === incarnation && row.state === state && row.beats === beats) continue;
    lost.push({ audit: { ...auditOf(service, id), to: state } });
  }
  for (const tombstone of [...catalog.tombstones()]) {
    const { service, id, incarnation } = tombstone;
    if ((buried.get(keyOf(service, id)) ?? 0) >= incarnation) continue;
    lost.push({ audit: { ...auditOf(service, id), to: null }, tombstone });
  }
  return lost;
}
