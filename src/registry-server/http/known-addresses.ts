// Addresses from which a service showed its token: the guide's heartbeat sends none, and is believed from there.

const MAX_SERVICES = 10_000;
const MAX_ADDRESSES = 64;

export interface KnownAddress {
  readonly serviceId: number;
  readonly address: string;
}

export class KnownAddresses {
  readonly #addresses = new Map<number, Set<string>>();
  readonly #onNew: (known: KnownAddress) => void;

  /** `onNew` hears of addresses that were not known, those that were learned aside. */
  constructor(onNew: (known: KnownAddress) => void = () => undefined) {
    this.#onNew = onNew;
  }

  /** Remembers where a good token of the service id came from; the oldest are forgotten beyond a bound. */
  remember(serviceId: number, address: string): void {
    if (this.learn({ serviceId, address })) this.#onNew({ serviceId, address });
  }

  /** As `remember`, of what another replica saw; false where it was known. */
  learn({ serviceId, address }: KnownAddress): boolean {
    const known = this.#addresses.get(serviceId) ?? new Set<string>();
    if (known.has(address)) return false;
    known.add(address);
    dropOldest(known, MAX_ADDRESSES);
    this.#addresses.set(serviceId, known);
    dropOldest(this.#addresses, MAX_SERVICES);
    return true;
  }

  /** Of every service id, for a replica that has just come. */
  *all(): Generator<KnownAddress> {
    for (const [serviceId, addresses] of this.#addresses) {
      for (const address of addresses) yield { serviceId, address };
    }
  }

  has(serviceId: number, address: string): boolean {
    return this.#addresses.get(serviceId)?.has(address) === true;
  }
}

function dropOldest<K>(
  entries: { readonly size: number; keys(): Iterable<K>; delete(key: K): unknown },
  most: number,
): void {
  if (entries.size <= most) return;
  for (const oldest of entries.keys()) {
    entries.delete(oldest);
    return;
  }
}
