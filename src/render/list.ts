import type { Service } from '../registry-client/client.js';
import { age } from './age.js';
import { styleStatus } from './style.js';
import { table } from './table.js';
import { clean } from './text.js';
import type { View } from './view.js';

/** `regctl list`: a row a service. */
export const listView: View<Service[]> = {
  text(services, paper) {
    if (services.length === 0) return 'No services.';
    const headings = [
      'NAME',
      'STATUS',
      'HEALTHY',
      'URL',
      'AGE',
      ...(paper.wide ? ['HEALTH URL', 'METADATA'] : []),
    ];
    const rows = services.map((service) => [
      clean(service.service_name),
      styleStatus(paper.style, clean(service.status)),
      service.total_instances === null
        ? '-'
        : `${service.healthy_instances ?? '?'}/${service.total_instances}`,
      clean(service.service_url ?? '-'),
      age(service.registered_at, paper.now),
      ...(paper.wide
        ? [clean(service.health_check_url ?? '-'), clean(JSON.stringify(service.service_metadata))]
        : []),
    ]);
    return [table(headings, rows, paper), ...heldNote(services)].join('\n');
  },
  names: (services) => services.map(({ service_name }) => service_name),
  items: (services) => services,
};

/** Why instances that are down for long stay in the list. */
function heldNote(services: readonly Service[]): string[] {
  const held = services.filter(({ held_instances }) => held_instances !== null);
  if (held.length === 0) return [];
  const names = held.map(({ service_name, held_instances }) => `${clean(service_name)} (${held_instances})`);
  return [
    '',
    `Most instances of these services were lost at once, and are kept registered until most are back: ${names.join(', ')}.`,
    'Where they are gone for good: POST /api/v1/registry/services/NAME/release-evictions.',
  ];
}
