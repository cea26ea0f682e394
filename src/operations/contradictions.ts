// Where what a registry says of one service does not agree with itself (wire/config-service.md, "misleads"). Pure.
import type { Instance, Service } from '../registry-client/client.js';
import { withoutTrailingSlash } from '../wire/urls.js';

/** Each carries its evidence; the words are in `render/contradictions.ts`. */
export type Contradiction =
  /** Instances are live, none is handed out. `statuses`: how many of each. */
  | { code: 'registered-not-discoverable'; statuses: Record<string, number>; catalog_status: string | null }
  /** A catalog row without a live instance: a ghost. */
  | { code: 'ghost'; catalog_status: string }
  /** The one catalog row stands for several instances, and shows one of them. */
  | { code: 'catalog-collapsed'; total: number; shown_url: string | null }
  /** The catalog row shows an address that no live instance has. */
  | { code: 'catalog-url-stale'; shown_url: string }
  /** The catalog says unknown although instances are live, as after any deregistration. */
  | { code: 'catalog-lost-status'; healthy: number }
  /** The registry's own probe failed, and the instances are handed out all the same. */
  | { code: 'dead-but-handed-out'; catalog_status: string; healthy: number }
  /** What is handed out is not the address of a live instance: a cached answer. */
  | { code: 'handed-out-stale'; url: string }
  /** The registry fails on the instances; `suspect` is a status word in the catalog that would make it. */
  | { code: 'unreadable'; suspect: string | null }
  /** Several instances under one address. */
  | { code: 'duplicate-url'; url: string; instance_ids: string[] };

export interface ServiceFacts {
  catalog: Service | null;
  instances: readonly Instance[];
  unreadable: string | null;
  handed_out: string | null;
}

const READABLE_WORDS = new Set([
  'healthy',
  'unhealthy',
  'unknown',
  'starting',
  'stopping',
  'down',
  'draining',
]);

/** The contradictions in what was read of a service, the most telling first. */
export function contradictions(facts: ServiceFacts): Contradiction[] {
  const { catalog, instances, handed_out: handedOut } = facts;
  if (facts.unreadable !== null) return [{ code: 'unreadable', suspect: suspectStatus(catalog) }];
  const healthy = instances.filter(({ status }) => status === 'healthy').length;
  return [
    ...ghost(),
    ...notDiscoverable(),
    ...dead(),
    ...staleHandout(),
    ...catalogRow(),
    ...duplicates(instances),
  ];

  function ghost(): Contradiction[] {
    if (catalog === null || instances.length > 0) return [];
    return [{ code: 'ghost', catalog_status: catalog.status }];
  }

  function notDiscoverable(): Contradiction[] {
    if (instances.length === 0 || handedOut !== null) return [];
    const claimsHealth = catalog?.status === 'healthy' || healthy > 0;
    const unproven = instances.every(({ status }) => status === 'unknown');
    if (!claimsHealth && !unproven) return [];
    return [
      {
        code: 'registered-not-discoverable',
        statuses: countStatuses(instances),
        catalog_status: catalog?.status ?? null,
      },
    ];
  }

  function dead(): Contradiction[] {
    if (catalog?.status !== 'unhealthy' || healthy === 0) return [];
    return [{ code: 'dead-but-handed-out', catalog_status: catalog.status, healthy }];
  }

  function staleHandout(): Contradiction[] {
    if (handedOut === null || instances.some(({ service_url }) => sameUrl(service_url, handedOut))) return [];
    return [{ code: 'handed-out-stale', url: handedOut }];
  }

  function catalogRow(): Contradiction[] {
    if (catalog === null || instances.length === 0) return [];
    const found: Contradiction[] = [];
    const { service_url: shown, total_instances: counted } = catalog;
    if (shown !== null && !instances.some(({ service_url }) => sameUrl(service_url, shown))) {
      found.push({ code: 'catalog-url-stale', shown_url: shown });
    } else if (counted === null && instances.length > 1) {
      found.push({ code: 'catalog-collapsed', total: instances.length, shown_url: shown });
    }
    if (catalog.status === 'unknown' && healthy > 0) found.push({ code: 'catalog-lost-status', healthy });
    return found;
  }
}

function suspectStatus(catalog: Service | null): string | null {
  const declared = catalog?.service_metadata.status;
  return typeof declared === 'string' && !READABLE_WORDS.has(declared) ? declared : null;
}

function countStatuses(instances: readonly Instance[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of instances) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function duplicates(instances: readonly Instance[]): Contradiction[] {
  const byUrl = new Map<string, string[]>();
  for (const { service_url: url, instance_id: id } of instances) {
    if (url === null || id === null) continue;
    byUrl.set(withoutTrailingSlash(url), [...(byUrl.get(withoutTrailingSlash(url)) ?? []), id]);
  }
  return [...byUrl]
    .filter(([, ids]) => ids.length > 1)
    .map(([url, instance_ids]) => ({ code: 'duplicate-url', url, instance_ids }));
}

function sameUrl(a: string | null, b: string): boolean {
  return a !== null && withoutTrailingSlash(a) === withoutTrailingSlash(b);
}
