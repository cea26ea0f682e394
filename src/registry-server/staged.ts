// The directory as it will be once the batch being planned is durable.
import type { View } from './plan.js';
import { type Change, keyOf, ownerOf, type Registration } from './registration.js';

/** A view with changes laid over it. */
export class Staged implements View {
  readonly #base: View;
  /** Null where the change removed it. */
  readonly #changed = new Map<string, Registration | null>();
  readonly #buried = new Map<string, number>();
  readonly #revisions = new Map<string, number>();
  readonly #owners = new Map<string, Map<number, string | null>>();
  /** Keys of what was registered under a service id; some of them may have been removed since. */
  readonly #withServiceId = new Map<number, Set<string>>();

  constructor(base: View) {
    this.#base = base;
  }

  add(change: Change): void {
    if (change.kind === 'put') {
      const { service, id, serviceId, revision } = change.registration;
      this.#changed.set(keyOf(service, id), change.registration);
      this.#revisions.set(service, revision);
      this.#own(service, ownerOf(change.registration), null);
      if (serviceId === null) return;
      const keys = this.#withServiceId.get(serviceId) ?? new Set();
      this.#withServiceId.set(serviceId, keys.add(keyOf(service, id)));
    } else {
      const { service, id, incarnation, revision, owner, removedAt } = change.tombstone;
      this.#own(service, owner, removedAt);
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

  *ownersOf(service: string): Generator<readonly [number, string | null]> {
    yield* this.#base.ownersOf(service);
    yield* this.#owners.get(service) ?? [];
  }

  #own(service: string, owner: number | null, removedAt: string | null): void {
    if (owner === null) return;
    const owners = this.#owners.get(service) ?? new Map<number, string | null>();
    this.#owners.set(service, owners.set(owner, removedAt));
  }

  *withServiceId(serviceId: number): Generator<Registration> {
    for (const registration of this.#base.withServiceId(serviceId)) {
      if (!this.#changed.has(keyOf(registration.service, registration.id))) yield registration;
    }
    for (const key of this.#withServiceId.get(serviceId) ?? []) {
      const changed = this.#changed.get(key);
      if (changed?.serviceId === serviceId) yield changed;
    }
  }
}
