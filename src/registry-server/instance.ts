// An instance as the running registry knows it: its registration and what no restart keeps.
import { ownerOf, type Registration } from './registration.js';

/** Where the health checks of an instance stand. */
export interface CheckState {
  /** Monotonic; Infinity while a check is under way. */
  dueAt: number;
  /** In a row. */
  failures: number;
  /** It has passed a check at this address. */
  proven: boolean;
  /** Milliseconds since the epoch: a Date takes five times the memory. */
  lastAt: number | null;
  /** Monotonic: the latest check, and the latest that passed, of this incarnation; -Infinity before the first. */
  madeAt: number;
  passedAt: number;
  /** In lease time: since when no check has passed; null where the latest did, or none has been made. */
  failingSince: number | null;
}

/** A heartbeat that counted. */
export interface Beat {
  /** Monotonic. */
  readonly at: number;
  /** It named the instance. */
  readonly named: boolean;
  /** In lease time. */
  readonly leaseEnds: number;
}

export interface Instance {
  registration: Registration;
  /** Share of the choice among the healthy, from its metadata. */
  weight: number;
  /** In lease time; counts only where the registration beats. */
  leaseEnds: number;
  /** The lease was given without a sign of life: the registry does not know when the latest was. */
  leaseGuessed: boolean;
  /** As CheckState.lastAt. */
  lastHeartbeat: number | null;
  /**
   * The latest; null where none was seen since it registered, or since the registry started: it may be another process
   * now, one that sends no heartbeats. Where it beats by its registration, its health is checked beside the lease.
   */
  lastBeat: Beat | null;
  /** Monotonic: when a heartbeat last came that may as well have been another's; -Infinity where none has. */
  ambiguousAt: number;
  /** In lease time: when the sweep looks at it next. */
  lookAt: number;
  check: CheckState;
}

export type MonitoredBy = 'heartbeat' | 'health-check' | 'none';

/** What decides over the state of an instance (registry.md, "What makes an instance healthy"). */
export function monitoredBy({ beats, healthUrl }: Registration): MonitoredBy {
  if (beats) return 'heartbeat';
  return healthUrl === null ? 'none' : 'health-check';
}

/** Whether its health is checked: also beside a lease that its present process has not renewed yet. */
export function isChecked({ registration, lastBeat }: Instance): boolean {
  return registration.healthUrl !== null && (!registration.beats || lastBeat === null);
}

/** The state of an instance that proved to be alive: one that declared to be draining stays so. */
export function aliveState({ declared }: Registration): 'healthy' | 'draining' {
  return declared === 'draining' ? 'draining' : 'healthy';
}

/** The most that one instance may weigh against the usual 1. */
const MAX_WEIGHT = 1000;

/** `metadata.weight`, a number or its text, at most 1000; 1 where there is none that can be used. */
export function weightOf(metadata: Readonly<Record<string, unknown>>): number {
  const { weight } = metadata;
  if (typeof weight !== 'number' && (typeof weight !== 'string' || weight.trim() === '')) return 1;
  const value = Number(weight);
  return Number.isFinite(value) && value >= 0 ? Math.min(MAX_WEIGHT, value) : 1;
}

/**
 * May a heartbeat of the service id be for this instance? One without a token may where it comes from the address that
 * registered it, or one that `isKnown` for its owner.
 */
export function acceptsBeat(
  registration: Registration,
  sender: { serviceId: number | null; address: string },
  isKnown: (serviceId: number, address: string) => boolean,
): boolean {
  const owner = ownerOf(registration);
  if (sender.serviceId !== null) return owner === null || owner === sender.serviceId;
  if (registration.registeredFrom === sender.address) return true;
  return owner !== null && isKnown(owner, sender.address);
}
