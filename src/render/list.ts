import type { Service } from '../registry-client/client.js';
import { age } from './age.js';
import { heldNote } from './held.js';
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
    return [table(headings, rows, paper), heldNote(services)].filter((part) => part !== '').join('\n\n');
  },
  names: (services) => services.map(({ service_name }) => service_name),
  items: (services) => services,
};
