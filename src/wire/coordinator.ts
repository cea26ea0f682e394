// The Coordinator registry API: at the root of REGISTRY_URL (Service Integration Guide; wire/coordinator.md).
import * as v from 'valibot';
import { InstanceRow, Metadata, optionalText } from './config-service.js';
import { Name } from './names.js';
import { HealthUrl, ServiceUrl } from './urls.js';

/** The guide: a heartbeat every 30 s, 3 missed (90 s) mean down. */
export const HEARTBEAT_INTERVAL_S = 30;
export const MISSED_BEATS_MEAN_DOWN = 3;

/** Integer ids are handed out by the Coordinator, from 1. */
export const ServiceId = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** Body of `POST /register`, which the guide leaves open (wire/coordinator.md). `instance_id` is optional. */
export const RegisterRequest = v.object({
  service_id: ServiceId,
  service_name: Name,
  url: ServiceUrl,
  health_check_url: optionalText(HealthUrl),
  metadata: v.nullish(Metadata),
  instance_id: optionalText(Name),
});
export type RegisterRequest = v.InferOutput<typeof RegisterRequest>;

export const RegisterAnswer = v.object({
  registered: v.literal(true),
  service_id: v.nullish(v.number()),
  instance_id: v.nullish(v.string()),
  heartbeat_interval_s: v.nullish(v.number()),
});

/** Body of `POST /deregister`; without `instance_id` every instance of the id goes. */
export const DeregisterRequest = v.object({
  service_id: ServiceId,
  instance_id: optionalText(v.string()),
  reason: v.nullish(v.pipe(v.string(), v.maxLength(500))),
});
export const DeregisterAnswer = v.object({ deregistered: v.boolean() });

/** Body of `POST /heartbeat`: the guide's `{"service_id": 42}`; `instance_id` tells several instances apart. */
export const HeartbeatRequest = v.object({ service_id: ServiceId, instance_id: optionalText(Name) });

/** Answer to a heartbeat. The guide fixes no body, so every field may be missing. */
export const HeartbeatAnswer = v.object({
  status: v.nullish(v.string()),
  service_id: v.nullish(v.number()),
  next_heartbeat_s: v.nullish(v.number()),
});

/** Answer to `GET /services/{name}`: the guide fixes `url`; the rest is this registry's own. */
export const ServiceAnswer = v.object({
  url: v.string(),
  service_name: v.nullish(v.string()),
  service_id: v.nullish(v.number()),
  instances: v.nullish(v.array(InstanceRow)),
});
export type ServiceAnswer = v.InferOutput<typeof ServiceAnswer>;
