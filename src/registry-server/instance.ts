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
  lastAt: Date | null;
}

export interface Instance {
  registration: Registration;
  /** Share of the choice among the healthy, from its metadata. */
  weight: number;
  /** In lease time; counts only where the registration beats. */
  leaseEnds: number;
  lastHeartbeat: Date | null;
  /** Its latest heartbeat named it. */
  namedBeat: boolean;
  check: CheckState;
}

export type MonitoredBy = 'heartbeat' | 'health-check' | 'none';

/** What decides over the state of an instance (registry.md, "What makes an instance healthy"). */
export function monitoredBy({ beats, healthUrl }: Registration): MonitoredBy {
  if (beats) return 'heartbeat';
  return healthUrl === null ? 'none' : 'health-check';
}

/** The state of an instance that proved to be alive: one that declared to be draining stays so. */
export function aliveState({ declared }: Registration): 'healthy' | 'draining' {
  return declared === 'draining' ? 'draining' : 'healthy';
}

/** `metadata.weight`, a number or its text; 1 where there is none that can be used. */
export function weightOf(metadata: Readonly<Record<string, unknown>>): number {
  const { weight } = metadata;
  if (typeof weight !== 'number' && (typeof weight !== 'string' || weight.trim() === '')) return 1;
  const value = Number(weight);
  return Number.isFinite(value) && value >= 0 ? value : 1;
}

/** May a heartbeat of the service id, or from the address (no token), be for this instance? */
export function acceptsBeat(
  registration: Registration,
  sender: { serviceId: number | null; address: string; tokenRequired: boolean },
): boolean {
  if (!sender.tokenRequired) return true;
  if (sender.serviceId === null) return registration.registeredFrom === sender.address;
  const owner = ownerOf(registration);
  return owner === null || owner === sender.serviceId;
}
