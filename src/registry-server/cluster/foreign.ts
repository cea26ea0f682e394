// What a deployed Config Service on the same ZooKeeper did becomes a change of this registry, through its writer.
import { type Caller, type Planned, planDeregistration, planRegistration, type View } from '../plan.js';
import type { Registration } from '../registration.js';
import type { Clock } from '../settings.js';
import type { Writer } from '../writer.js';
import type { Told } from './node-data.js';
import { FOREIGN } from './projection.js';

/** It has no token: whoever may write to this ZooKeeper is trusted, as the deployed Config Service trusts everybody. */
const CONFIG_SERVICE: Caller = { serviceId: null, address: FOREIGN };

export class ForeignChanges {
  readonly #writer: Pick<Writer, 'submit' | 'catchUp'>;
  readonly #clock: Clock;

  constructor(writer: Pick<Writer, 'submit' | 'catchUp'>, clock: Clock) {
    this.#writer = writer;
    this.#clock = clock;
  }

  /**
   * Registers what the node tells in the place of `before`; undefined, and nothing is changed, where that has changed
   * meanwhile. Rejects where the store takes no changes.
   */
  adopt(told: Told, before: Registration | undefined): Promise<Registration | undefined> {
    const { service, id } = told;
    return this.#writer.submit<Registration | undefined>((view) =>
      isStill(view, service, id, before)
        ? planRegistration(view, told, CONFIG_SERVICE, this.#now(), () => id)
        : NOTHING,
    );
  }

  /** Deregisters; false where it has changed meanwhile. Rejects where the store takes no changes. */
  deregister(registration: Registration, reason: string): Promise<boolean> {
    const { service, id } = registration;
    return this.#writer.submit((view) =>
      isStill(view, service, id, registration)
        ? planDeregistration(view, { service, id, reason }, CONFIG_SERVICE, this.#now())
        : { changes: [], answer: false },
    );
  }

  /** Resolves once the directory has what other replicas committed before. */
  catchUp(): Promise<void> {
    return this.#writer.catchUp();
  }

  #now(): string {
    return this.#clock.wall().toISOString();
  }
}

const NOTHING: Planned<undefined> = { changes: [], answer: undefined };

function isStill(view: View, service: string, id: string, before: Registration | undefined): boolean {
  return view.find(service, id)?.incarnation === before?.incarnation;
}
