// The checklists of both guides, word for word and in their order. A check names the items it answers by their ids.
import type { ChecklistItem } from './check.js';

export const CHECKLISTS = {
  integration: {
    guide: 'Service Integration Guide',
    items: [
      'Service ID, Registry URL, JWT Secret loaded from environment',
      'JWT validation implemented on `/message` endpoint',
      'Service discovery used (not hardcoded IPs)',
      'All outgoing requests include trace_id',
      'Heartbeat running every 30 seconds',
      'Tested calling another service (or mock)',
    ],
  },
  debug: {
    guide: 'Service Registry Integration Guide',
    items: [
      'Config Service is running and healthy',
      'ZooKeeper is running and connected',
      'Environment variables are set correctly',
      'Service can reach Config Service (test: `curl http://config-service:8082/health`)',
      'Registration code executes during startup',
      'Service health endpoint works',
      'Service URL is correct for your deployment (Docker vs external)',
    ],
  },
} as const satisfies Record<string, { guide: string; items: readonly string[] }>;

export type ChecklistName = keyof typeof CHECKLISTS;
export const LISTS = Object.keys(CHECKLISTS) as ChecklistName[];

/** The items of a list with their ids, `integration.1` first. */
export function itemsOf(list: ChecklistName): { item: ChecklistItem; text: string }[] {
  return CHECKLISTS[list].items.map((text, index) => ({ item: `${list}.${index + 1}`, text }));
}
