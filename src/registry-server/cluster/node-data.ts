// The data of an instance's node in ZooKeeper (wire/config-service.md, "ZooKeeper layout"): written, and read back.

import * as v from 'valibot';
import { RegisterRequest } from '../../wire/config-service.js';
import { ServiceId } from '../../wire/coordinator.js';
import { upstreamStatus } from '../../wire/status.js';
import { Invalid, parse } from '../http/validate.js';
import type { RegistrationRequest } from '../plan.js';
import type { Registration } from '../registration.js';

/** A registration as a node tells it. */
export type Told = RegistrationRequest & { readonly id: string };

/** What a node says. */
export type Content =
  /** It is this registry's own, of this incarnation. */
  | { readonly kind: 'own'; readonly incarnation: number }
  /** A deployed Config Service registered it. */
  | { readonly kind: 'foreign'; readonly told: Told }
  /** It is no registration. */
  | { readonly kind: 'unusable'; readonly why: string };

/** The key that marks a node as this registry's own; its value is the incarnation. */
const MARK = 'regctl';

/** Metadata of 16 KiB, two URLs of 2 KiB, and the escapes another JSON writer may make of them (`\u00e9`). */
const MAX_NODE_BYTES = 128 * 1024;

/** A node's data. What the registry itself says of the instance wins over metadata of the same name. */
export function nodeData({ id, url, healthUrl, metadata, state, incarnation }: Registration): Buffer {
  const { health_check_url, ...rest } = metadata;
  const node = {
    ...(healthUrl === null ? {} : { health_check_url: healthUrl }),
    ...rest,
    instance_id: id,
    service_url: url,
    status: upstreamStatus(state),
    [MARK]: incarnation,
  };
  return Buffer.from(JSON.stringify(node));
}

/** Reads the data of `{service}/instances/{id}`; what no registration could have said is unusable. */
export function readNode(service: string, id: string, data: Buffer): Content {
  if (data.length > MAX_NODE_BYTES) return unusable(`it has ${data.length} bytes`);
  let node: unknown;
  try {
    node = JSON.parse(data.toString());
  } catch {
    return unusable('it is not JSON');
  }
  if (typeof node !== 'object' || node === null || Array.isArray(node)) {
    return unusable('it is not a JSON object');
  }
  const { service_url, health_check_url, instance_id, ...metadata } = node as Record<string, unknown>;
  const mark = metadata[MARK];
  if (typeof mark === 'number' && Number.isSafeInteger(mark)) return { kind: 'own', incarnation: mark };
  if (instance_id !== undefined && instance_id !== id) return unusable('its instance_id is of another');
  try {
    // Judged as the registration that it stands for: the id may be no name.
    const request = { service_name: service, service_url, health_check_url };
    const body = parse(
      RegisterRequest,
      { ...request, service_metadata: { ...metadata, instance_id: id } },
      'body',
    );
    return { kind: 'foreign', told: toldBy(service, id, body) };
  } catch (error) {
    if (error instanceof Invalid) return unusable(reasonOf(error));
    throw error;
  }
}

function toldBy(service: string, id: string, body: RegisterRequest): Told {
  const { instance_id, ...metadata } = body.service_metadata ?? {};
  return {
    service,
    id,
    url: body.service_url,
    healthUrl: body.health_check_url ?? null,
    metadata,
    serviceId: v.is(ServiceId, metadata.service_id) ? metadata.service_id : null,
  };
}

/** `service_url: must be an http or https URL`. */
function reasonOf({ fields }: Invalid): string {
  return fields
    .slice(0, 3)
    .map(
      ({ loc, msg }) =>
        `${loc.filter((part) => part !== 'body' && part !== 'service_metadata').join('.')}: ${msg}`,
    )
    .join('; ');
}

function unusable(why: string): Content {
  return { kind: 'unusable', why };
}
