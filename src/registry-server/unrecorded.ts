// What came to be true here by what others saw. Whoever saw it records it; where it died first, the keeper does.
import { type AuditEntry, keyOf, type Transition } from './registration.js';

/** Whoever saw it has had time to record it, and this replica to learn that. */
const PATIENCE_MS = 5000;

export class Unrecorded {
  /** The latest of each instance, oldest first. */
  readonly #waiting = new Map<string, { readonly transition: Transition; readonly since: number }>();
  #recordableSince = 0;

  /** Another replica is to record this, which came to be true at the monotonic time `now`. */
  add(transition: Transition, now: number): void {
    this.delete(transition.audit);
    this.#waiting.set(keyOf(transition.audit.service, transition.audit.id), { transition, since: now });
  }

  /** What is known of the instance is recorded, or is to be by this replica. */
  delete({ service, id }: Pick<AuditEntry, 'service' | 'id'>): void {
    this.#waiting.delete(keyOf(service, id));
  }

  /** Hands over what nobody recorded, of the services that this replica keeps. */
  take(now: number, canRecord: boolean, keeps: (service: string) => boolean): Transition[] {
    // Nobody could record it meanwhile: their time begins anew.
    if (!canRecord) this.#recordableSince = now;
    const taken: Transition[] = [];
    if (now - this.#recordableSince < PATIENCE_MS) return taken;
    for (const { transition, since } of this.#waiting.values()) {
      if (now - since < PATIENCE_MS) break;
      if (keeps(transition.audit.service)) taken.push(transition);
    }
    for (const { audit } of taken) this.delete(audit);
    return taken;
  }
}
