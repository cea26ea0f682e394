import type { Contradiction } from '../operations/contradictions.js';
import { clean } from './text.js';

/** A contradiction in words: what is seen, why it is so, what to do. */
export function contradictionText(found: Contradiction): string {
  switch (found.code) {
    case 'registered-not-discoverable':
      return `Registered, yet not discoverable: ${statuses(found.statuses)}, so /url hands out nothing${
        found.catalog_status === 'healthy' ? ', although the catalog says healthy' : ''
      }. An instance's status is what its metadata said at registration, and unknown without it: register it again with status=healthy.`;
    case 'ghost':
      return `A ghost: the catalog has a row (${clean(found.catalog_status)}), but no instance is live. The registry or the service restarted, or was deregistered; the service must register again.`;
    case 'catalog-collapsed':
      return `The catalog has one row for ${found.total} instances and shows the one that registered last (${clean(found.shown_url ?? 'no URL')}).`;
    case 'catalog-url-stale':
      return `The catalog shows ${clean(found.shown_url)}, which no live instance has: the instance that registered last is gone.`;
    case 'catalog-lost-status':
      return `The catalog says unknown although ${count(found.healthy, 'instance')} ${found.healthy === 1 ? 'is' : 'are'} healthy: any deregistration under this name sets the whole row to unknown.`;
    case 'dead-but-handed-out':
      return `The registry's own probe says ${clean(found.catalog_status)}, yet ${count(found.healthy, 'instance')} still ${found.healthy === 1 ? 'reads' : 'read'} healthy and ${found.healthy === 1 ? 'is' : 'are'} handed out: probes change the catalog row, never an instance. Find the dead one with \`regctl discover SERVICE --all --probe\` and deregister it.`;
    case 'handed-out-stale':
      return `What is handed out now (${clean(found.url)}) is no live instance's address: answers are cached for up to 60 s.`;
    case 'unreadable':
      return `The registry fails on this service's instances, healthy ones included.${
        found.suspect === null
          ? ' Its cache may be down, or one registration carries a status the registry cannot read.'
          : ` The registration with status "${clean(found.suspect)}" is the likely cause: deregister that instance, or register it again with a status the registry knows.`
      }`;
    case 'duplicate-url':
      return `${found.instance_ids.length} instances share ${clean(found.url)} (${found.instance_ids.map((id) => clean(id)).join(', ')}): all but one are left over from earlier runs.`;
  }
}

function statuses(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([status, number]) => `${number} ${clean(status)}`)
    .join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
