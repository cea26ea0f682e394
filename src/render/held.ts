import type { Service } from '../registry-client/client.js';
import { clean } from './text.js';

/** Why instances that are down for long stay registered, and what to do; empty where none are held. */
export function heldNote(services: readonly Service[]): string {
  const held = services.filter(({ held_instances }) => held_instances !== null);
  const names = held.map(({ service_name, held_instances }) => `${clean(service_name)} (${held_instances})`);
  const [only] = held;
  if (only === undefined) return '';
  const name = held.length === 1 ? clean(only.service_name) : 'NAME';
  const these = held.length === 1 ? 'this service' : 'these services';
  return [
    `Most instances of ${these} were lost at once, and are kept registered until most are back: ${names.join(', ')}.`,
    `Where they are gone for good: POST /api/v1/registry/services/${name}/release-evictions.`,
  ].join('\n');
}
