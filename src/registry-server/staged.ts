// The directory as it will be once the batch being planned is durable.
import type { View } from './plan.js';
import { type Change, keyOf, type Registration } from './registration.js';

/** A view with changes laid over it. */
export class Staged implements View {
  readonly #base: View;
  /** Null where the change removed it. */
  readonly #changed = new Map<string, Registration | null>();
  readonly #buried = new Map<string, number>();
  readonly #revisions = new Map<string, number>();

  constructor(base: View) {
    this.#base = base;
  }

  add(change: Change): void {
    if (change.kind === 'put') {
      const { service, id, revision } = change.registration;
      this.#changed.set(keyOf(service, id), change.registration);
      this.#revisions.set(service, revision);
    } else {
      const { service, id, incarnation, revision } = change.tombstone;
      this.#changed.set(keyOf(service, id), null);
      this.#buried.set(keyOf(service, id), incarnation);
      this.#revisions.set(service, revision);
    }
  }

  find(service: string, id: string): Registration | undefined {
    const changed = this.#changed.get(keyOf(service, id));
    return changed === undefined ? this.#base.find(service, id) : (changed ?? undefined);
  }

  buriedIncarnation(service: string, id: string): number {
    return this.#buried.get(keyOf(service, id)) ?? this.#base.buriedIncarnation(service, id);
  }

  revisionOf(service: string): number {
    return this.#revisions.get(service) ?? this.#base.revisionOf(service);
  }

  inService(service: string): Iterable<Registration> {
    return this.#overlay(this.#base.inService(service), (registration) => registration.service === service);
  }

  withServiceId(serviceId: number): Iterable<Registration> {
    return this.#overlay(
      this.#base.withServiceId(serviceId),
      (registration) => registration.serviceId === serviceId,
    );
  }

  *#overlay(
    base: Iterable<Registration>,
    belongs: (registration: Registration) => boolean,
  ): Generator<Registration> {
    for (const registration of base) {
      if (!this.#changed.has(keyOf(registration.service, registration.id))) yield registration;
    }
    for (const changed of this.#changed.values()) {
      if (changed !== null && belongs(changed)) yield changed;
    }
  }
}
