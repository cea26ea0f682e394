// What is known of an instance and kept over a restart, and the changes to it, as data.
import type { State } from '../wire/status.js';

/** A registered instance as the store keeps it. What only the running registry knows is in directory.ts. */
export interface Registration {
  readonly service: string;
  readonly id: string;
  readonly url: string;
  readonly healthUrl: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The state its metadata declared, null where it declared none. */
  readonly declared: State | null;
  /** The Coordinator's integer id, by which `POST /heartbeat` finds it. */
  readonly serviceId: number | null;
  /** `service_id` of the token it was registered with; null where no token was asked for. */
  readonly owner: number | null;
  /** Remote address of the registration. */
  readonly registeredFrom: string;
  /** ISO 8601, of the latest registration. */
  readonly registeredAt: string;
  /** Grows with every registration of the same id, also over a deregistration. */
  readonly incarnation: number;
  /** Revision of its service at which it last changed. */
  readonly revision: number;
  readonly state: State;
  /** It has sent a heartbeat since it registered: its heartbeats decide, not its health check. */
  readonly beats: boolean;
}

/** What is left of an instance that was removed: a registration after it continues its incarnation. */
export interface Tombstone {
  readonly service: string;
  readonly id: string;
  readonly incarnation: number;
  readonly revision: number;
  /** Whose the instance was, as `ownerOf` has it. */
  readonly owner: number | null;
  /** ISO 8601. */
  readonly removedAt: string;
}

export const CAUSES = [
  'registered',
  'registered-again',
  'address-changed',
  'deregistered',
  'heartbeat',
  'ambiguous-heartbeat',
  'lease-expired',
  'evicted',
  'health-check-passed',
  'health-check-failed',
  'evictions-held',
  'evictions-released',
  'restored',
] as const;
export type Cause = (typeof CAUSES)[number];

/** One row of the audit trail. */
export interface AuditEntry {
  readonly service: string;
  /** Empty where the entry is of the service as a whole. */
  readonly id: string;
  readonly revision: number;
  /** ISO 8601. */
  readonly at: string;
  /** `service:42` (token), an address, or `registry`. */
  readonly actor: string;
  readonly cause: Cause;
  readonly from: State | null;
  readonly to: State | null;
  /** The reason given, the addresses of a change, the error of a health check. */
  readonly detail: string | null;
}

/** A change that is asked for: durable first, applied to the directory then. */
export type Change =
  | { readonly kind: 'put'; readonly registration: Registration; readonly audit: AuditEntry }
  | { readonly kind: 'remove'; readonly tombstone: Tombstone; readonly audit: AuditEntry };

/** A change the registry saw happen: already applied to the directory, made durable afterwards. */
export interface Transition {
  readonly audit: AuditEntry;
  /** Set where the instance was evicted. */
  readonly tombstone?: Tombstone;
}

/** Key of an instance: names contain no slash. */
export function keyOf(service: string, id: string): string {
  return `${service}/${id}`;
}

/** Whose the instance is: the token's `service_id` of its registration, else the id it registered under. */
export function ownerOf(registration: Registration): number | null {
  return registration.owner ?? registration.serviceId;
}
