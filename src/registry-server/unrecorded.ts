// What came to be true here by what others saw. Whoever saw it records it; where it died first, the keeper does.
import type { Instance } from './instance.js';
import type { Transition } from './registration.js';

/** Whoever saw it has had time to record it, and this replica to learn that. */
const PATIENCE_MS = 5000;

interface Entry {
  readonly instance: Instance;
  readonly transition: Transition;
  readonly since: number;
}

export class Unrecorded {
  readonly #entries = new Map<Instance, Entry>();
  #recordableSince = 0;

  /** An instance changed at the monotonic time `now`, and another replica is to record it. */
  add(instance: Instance, transition: Transition, now: number): void {
    this.#entries.delete(instance);
    this.#entries.set(instance, { instance, transition, since: now });
  }

  /** It is recorded, or something later is to be. */
  delete(instance: Instance): void {
    this.#entries.delete(instance);
  }

  /** Hands over what `keeps` tells and nobody recorded. */
  take(now: number, canRecord: boolean, keeps: (service: string) => boolean): Transition[] {
    // Nobody could record it meanwhile: their time begins anew.
    if (!canRecord) this.#recordableSince = now;
    const taken: Transition[] = [];
    if (now - this.#recordableSince < PATIENCE_MS) return taken;
    for (const { instance, transition, since } of this.#entries.values()) {
      if (now - since < PATIENCE_MS) break;
      if (!keeps(instance.registration.service)) continue;
      this.#entries.delete(instance);
      taken.push(transition);
    }
    return taken;
  }
}
