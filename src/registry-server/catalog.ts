// The maps behind the directory: instances by service and by service id, and what was removed of late.
import type { State } from '../wire/status.js';
import type { Instance } from './instance.js';
import type { View } from './plan.js';
import { keyOf, ownerOf, type Registration, type Tombstone } from './registration.js';
import { Service } from './service.js';

/** Tombstones kept, the newest; beyond, an id that comes back starts its incarnations anew. */
export const MAX_TOMBSTONES = 100_000;

export class Catalog implements View {
  readonly #services = new Map<string, Service>();
  readonly #byServiceId = new Map<number, Set<Instance>>();
  /** Oldest first. */
  readonly #tombstones = new Map<string, Tombstone>();
  readonly #maxTombstones: number;
  #revisionFloor = 0;
  #changes = 0;
  #forgottenAt = 0;
  /** Kept with every change: who asks for metrics must not cost a look at every instance. */
  readonly #states: Record<State, number> = {
    starting: 0,
    healthy: 0,
    unhealthy: 0,
    down: 0,
    draining: 0,
    unknown: 0,
  };
  #inUse = 0;
  readonly #listeners: ((service: Service, id: string | undefined) => void)[] = [];

  constructor(maxTombstones = MAX_TOMBSTONES) {
    this.#maxTombstones = maxTombstones;
  }

  /**
   * The listener is told of every service that changed, once the change is made, and of the id of the instance that did;
   * undefined where none did.
   */
  onChange(listener: (service: Service, id: string | undefined) => void): void {
    this.#listeners.push(listener);
  }

  /** The next change of the service is of a later revision than this one. */
  raise(service: string, revision: number): void {
    const known = this.#serviceFor(service);
    known.revision = Math.max(known.revision, revision);
  }

  /** Services that nothing is known of start above this revision: what a watcher saw of them never goes back. */
  raiseFloor(revision: number): void {
    this.#revisionFloor = Math.max(this.#revisionFloor, revision);
  }

  /** Grows with every change to any service, within this run. */
  get changes(): number {
    return this.#changes;
  }

  /** Changes up to this one may be of services that nothing is known of any more. */
  get forgottenAt(): number {
    return this.#forgottenAt;
  }

  /** How many instances are in each state. */
  get states(): Readonly<Record<State, number>> {
    return this.#states;
  }

  /** How many services have instances. */
  get size(): number {
    return this.#inUse;
  }

  /** Services that changed after so many changes, those without instances among them; in no order. */
  *changedSince(changes: number): Generator<Service> {
    for (const service of this.#services.values()) if (service.changedAt > changes) yield service;
  }

  /** Services that have instances, in no order. */
  *services(): Generator<Service> {
    for (const service of this.#services.values()) if (service.instances.size > 0) yield service;
  }

  *instances(): Generator<Instance> {
    for (const { instances } of this.#services.values()) yield* instances.values();
  }

  /** The service, undefined where it has no instances. */
  service(name: string): Service | undefined {
    const service = this.#services.get(name);
    return service !== undefined && service.instances.size > 0 ? service : undefined;
  }

  instance(service: string, id: string): Instance | undefined {
    return this.#services.get(service)?.instances.get(id);
  }

  instancesWithServiceId(serviceId: number): readonly Instance[] {
    return [...(this.#byServiceId.get(serviceId) ?? [])];
  }

  find(service: string, id: string): Registration | undefined {
    return this.instance(service, id)?.registration;
  }

  buriedIncarnation(service: string, id: string): number {
    return this.#tombstones.get(keyOf(service, id))?.incarnation ?? 0;
  }

  /** Of what was removed and is not there again, oldest first. */
  tombstones(): Iterable<Tombstone> {
    return this.#tombstones.values();
  }

  revisionOf(service: string): number {
    return this.#services.get(service)?.revision ?? this.#revisionFloor;
  }

  ownersOf(service: string): Iterable<readonly [number, string | null]> {
    return this.#services.get(service)?.owners() ?? [];
  }

  *withServiceId(serviceId: number): Generator<Registration> {
    for (const { registration } of this.#byServiceId.get(serviceId) ?? []) yield registration;
  }

  /** Adds an instance, or puts it in the place of the one with its id. */
  put(instance: Instance): void {
    const { service: name, id, revision } = instance.registration;
    const service = this.#serviceFor(name);
    const former = service.instances.get(id);
    if (former !== undefined) this.#unindex(service, former);
    if (service.instances.size === 0) this.#inUse += 1;
    service.instances.set(id, instance);
    this.#index(service, instance);
    this.#tombstones.delete(keyOf(name, id));
    this.#changed(service, revision, id);
  }

  /** Gives an instance its changed registration (same service, id and service id), at the next revision. */
  update(instance: Instance, change: Partial<Registration>): void {
    const service = this.#serviceFor(instance.registration.service);
    const revision = service.revision + 1;
    this.#states[instance.registration.state] -= 1;
    instance.registration = { ...instance.registration, ...change, revision };
    this.#states[instance.registration.state] += 1;
    this.#changed(service, revision, instance.registration.id);
  }

  /** Gives an instance its registration as the store has it: what is seen of it may stay as it is. */
  adopt(instance: Instance, registration: Registration): void {
    const service = this.#serviceFor(registration.service);
    const { state, beats } = instance.registration;
    if (state !== registration.state || beats !== registration.beats) {
      this.update(instance, registration);
      instance.registration = registration;
    }
    service.revision = Math.max(service.revision, registration.revision);
  }

  /** Something else of the service changed than its instances; answers the revision. */
  touch(name: string): number {
    const service = this.#serviceFor(name);
    this.#changed(service, service.revision + 1);
    return service.revision;
  }

  /** Removes the instance that the tombstone is of, where there is one, and keeps the tombstone. */
  bury(tombstone: Tombstone): void {
    const service = this.#serviceFor(tombstone.service);
    const instance = service.instances.get(tombstone.id);
    if (instance !== undefined) {
      this.#unindex(service, instance);
      service.instances.delete(tombstone.id);
      if (service.instances.size === 0) this.#inUse -= 1;
    }
    service.bury(tombstone);
    const key = keyOf(tombstone.service, tombstone.id);
    this.#tombstones.delete(key);
    this.#tombstones.set(key, tombstone);
    if (this.#tombstones.size > this.#maxTombstones) {
      const [oldest] = this.#tombstones.keys();
      if (oldest !== undefined) this.#tombstones.delete(oldest);
    }
    this.#changed(service, tombstone.revision, tombstone.id);
  }

  /** Forgets tombstones from before `limit` (ISO 8601), and services of which nothing is left. */
  forgetBefore(limit: string): void {
    const remembered = new Set<string>();
    for (const [key, { removedAt, service }] of this.#tombstones) {
      if (removedAt < limit) this.#tombstones.delete(key);
      else remembered.add(service);
    }
    for (const [name, service] of this.#services) {
      service.forgetBefore(limit);
      if (service.instances.size > 0 || remembered.has(name)) continue;
      this.raiseFloor(service.revision);
      this.#forgottenAt = Math.max(this.#forgottenAt, service.changedAt);
      this.#services.delete(name);
    }
  }

  #changed(service: Service, revision: number, id?: string): void {
    service.changed(revision);
    this.#changes += 1;
    service.changedAt = this.#changes;
    for (const listener of this.#listeners) listener(service, id);
  }

  #index(service: Service, instance: Instance): void {
    service.countOwner(ownerOf(instance.registration), 1);
    this.#states[instance.registration.state] += 1;
    const { serviceId } = instance.registration;
    if (serviceId === null) return;
    const known = this.#byServiceId.get(serviceId);
    if (known === undefined) this.#byServiceId.set(serviceId, new Set([instance]));
    else known.add(instance);
  }

  #unindex(service: Service, instance: Instance): void {
    service.countOwner(ownerOf(instance.registration), -1);
    this.#states[instance.registration.state] -= 1;
    const { serviceId } = instance.registration;
    if (serviceId === null) return;
    const known = this.#byServiceId.get(serviceId);
    known?.delete(instance);
    if (known?.size === 0) this.#byServiceId.delete(serviceId);
  }

  #serviceFor(name: string): Service {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    const service = new Service(name, this.#revisionFloor);
    this.#services.set(name, service);
    return service;
  }
}
