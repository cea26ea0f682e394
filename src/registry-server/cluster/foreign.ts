// What a deployed Config Service on the same ZooKeeper did becomes a change of this registry, through its writer.
import {
  type Caller,
  ownerOfName,
  type Planned,
  planDeregistration,
  planRegistration,
  type View,
} from '../plan.js';
import type { Registration } from '../registration.js';
import type { Clock } from '../settings.js';
import type { Writer } from '../writer.js';
import type { Told } from './node-data.js';
import { FOREIGN, isForeign } from './projection.js';

/** It has no token. */
const CONFIG_SERVICE: Caller = { serviceId: null, address: FOREIGN };

/** What a Config Service may do here, which has no tokens. */
export interface ForeignRights {
  /** Where tokens are asked for, nobody without one touches what a service id owns, or joins a name of its. */
  readonly tokens: boolean;
  /** Nothing is registered nor deregistered. */
  readonly readOnly: boolean;
}

export class ForeignChanges {
  readonly #writer: Pick<Writer, 'submit' | 'catchUp'>;
  readonly #clock: Clock;
  readonly #rights: ForeignRights;

  constructor(writer: Pick<Writer, 'submit' | 'catchUp'>, clock: Clock, rights: ForeignRights) {
    this.#writer = writer;
    this.#clock = clock;
    this.#rights = rights;
  }

  get readOnly(): boolean {
    return this.#rights.readOnly;
  }

  /** It is closed to who has no token: the name belongs to a service id. */
  isClosed(view: View, service: string): boolean {
    return this.#rights.tokens && ownerOfName(view, service, this.#now()) !== undefined;
  }

  /**
   * Registers what the node tells in the place of `before`; undefined, and nothing is changed, where that has changed
   * meanwhile. Rejects where the store takes no changes.
   */
  adopt(told: Told, before: Registration | undefined): Promise<Registration | undefined> {
    const { service, id } = told;
    // Who shows no token owns nothing either.
    const request = this.#rights.tokens ? { ...told, serviceId: null } : told;
    return this.#writer.submit<Registration | undefined>((view) =>
      isStill(view, service, id, before) && !this.isClosed(view, service)
        ? planRegistration(view, request, CONFIG_SERVICE, this.#now(), () => id)
        : NOTHING,
    );
  }

  /** Deregisters; false where it has changed meanwhile. Rejects where the store takes no changes. */
  deregister(registration: Registration, reason: string): Promise<boolean> {
    const { service, id } = registration;
    return this.#writer.submit((view) =>
      isStill(view, service, id, registration) && (isForeign(registration) || !this.isClosed(view, service))
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
