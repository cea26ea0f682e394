// The maps behind the directory: instances by service and by service id, and what was removed of late.
import type { Instance } from './instance.js';
import type { View } from './plan.js';
import { keyOf, type Registration, type Tombstone } from './registration.js';

/** A service: its instances, and its revision, which grows with every change to any of them. */
export class Service {
  readonly name: string;
  readonly instances = new Map<string, Instance>();
  revision = 0;
  #healthy: readonly Instance[] | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Kept until the next change: discovery reads it far more often than it changes. */
  get healthy(): readonly Instance[] {
    this.#healthy ??= [...this.instances.values()].filter((i) => i.registration.state === 'healthy');
    return this.#healthy;
  }

  /** To be called after every change; what is seen never changes without the revision growing. */
  changed(revision: number): void {
    this.revision = Math.max(this.revision + 1, revision);
    this.#healthy = undefined;
  }
}

export class Catalog implements View {
  readonly #services = new Map<string, Service>();
  readonly #byServiceId = new Map<number, Set<Instance>>();
  readonly #tombstones = new Map<string, Tombstone>();

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

  revisionOf(service: string): number {
    return this.#services.get(service)?.revision ?? 0;
  }

  *inService(service: string): Generator<Registration> {
    for (const { registration } of this.#services.get(service)?.instances.values() ?? []) yield registration;
  }

  *withServiceId(serviceId: number): Generator<Registration> {
    for (const { registration } of this.#byServiceId.get(serviceId) ?? []) yield registration;
  }

  /** Adds an instance, or puts it in the place of the one with its id. */
  put(instance: Instance): void {
    const { service: name, id, revision } = instance.registration;
    const service = this.#serviceFor(name);
    const former = service.instances.get(id);
    if (former !== undefined) this.#unindex(former);
    service.instances.set(id, instance);
    this.#index(instance);
    this.#tombstones.delete(keyOf(name, id));
    service.changed(revision);
  }

  /** Gives an instance its changed registration (same service, id and service id), at the next revision. */
  update(instance: Instance, change: Partial<Registration>): void {
    const service = this.#serviceFor(instance.registration.service);
    const revision = service.revision + 1;
    instance.registration = { ...instance.registration, ...change, revision };
    service.changed(revision);
  }

  /** Removes the instance that the tombstone is of, where there is one, and keeps the tombstone. */
  bury(tombstone: Tombstone): void {
    const service = this.#serviceFor(tombstone.service);
    const instance = service.instances.get(tombstone.id);
    if (instance !== undefined) {
      this.#unindex(instance);
      service.instances.delete(tombstone.id);
    }
    this.#tombstones.set(keyOf(tombstone.service, tombstone.id), tombstone);
    service.changed(tombstone.revision);
  }

  /** Forgets tombstones from before `limit` (ISO 8601), and services of which nothing is left. */
  forgetBefore(limit: string): void {
    const remembered = new Set<string>();
    for (const [key, { removedAt, service }] of this.#tombstones) {
      if (removedAt < limit) this.#tombstones.delete(key);
      else remembered.add(service);
    }
    for (const [name, { instances }] of this.#services) {
      if (instances.size === 0 && !remembered.has(name)) this.#services.delete(name);
    }
  }

  #index(instance: Instance): void {
    const { serviceId } = instance.registration;
    if (serviceId === null) return;
    const known = this.#byServiceId.get(serviceId);
    if (known === undefined) this.#byServiceId.set(serviceId, new Set([instance]));
    else known.add(instance);
  }

  #unindex(instance: Instance): void {
    const { serviceId } = instance.registration;
    if (serviceId === null) return;
    const known = this.#byServiceId.get(serviceId);
    known?.delete(instance);
    if (known?.size === 0) this.#byServiceId.delete(serviceId);
  }

  #serviceFor(name: string): Service {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    const service = new Service(name);
    this.#services.set(name, service);
    return service;
  }
}
