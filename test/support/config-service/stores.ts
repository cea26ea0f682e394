// The three stores behind a deployed Config Service, as far as its API lets them be seen (wire/config-service.md).
// Each can be taken down; asking one that is down throws `Crash`, which the service turns into a text/plain 500.

/** Thrown where the deployed service has an unhandled exception. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** The data of a ZooKeeper node, `{base}/{service_name}/instances/{instance_id}`. */
export type NodeData = Record<string, unknown>;

/** After this a lost session's nodes go. */
export const SESSION_TIMEOUT_MS = 30_000;

interface Node {
  data: string;
  readonly session: number;
}

/** Ephemeral nodes: each belongs to the session that created it and goes with it. */
export class ZooKeeper {
  up = true;
  #session = 1;
  readonly #nodes = new Map<string, Map<string, Node>>();
  readonly #sessionEnds = new Map<number, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Creates or overwrites. Overwriting leaves the owner as it was, so a node of an ending session still ends. */
  set(name: string, id: string, data: NodeData): void {
    const nodes = this.#live(name);
    const session = nodes.get(id)?.session ?? this.#session;
    nodes.set(id, { data: JSON.stringify(data), session });
    this.#nodes.set(name, nodes);
  }

  delete(name: string, id: string): void {
    this.#live(name).delete(id);
  }

  instances(name: string): NodeData[] {
    return [...this.#live(name).values()].map((node): NodeData => JSON.parse(node.data));
  }

  /** The client is gone: its nodes stay until the session times out. */
  endSession(): void {
    this.#sessionEnds.set(this.#session, this.#now() + SESSION_TIMEOUT_MS);
    this.#session += 1;
  }

  /** All that is held, up or down. */
  dump(): Record<string, NodeData[]> {
    const parsed = (name: string): NodeData[] =>
      [...this.#unexpired(name).values()].map(({ data }) => JSON.parse(data));
    return Object.fromEntries([...this.#nodes.keys()].map((name) => [name, parsed(name)]));
  }

  #live(name: string): Map<string, Node> {
    if (!this.up) throw new Crash('ZooKeeper is down');
    return this.#unexpired(name);
  }

  #unexpired(name: string): Map<string, Node> {
    const nodes = this.#nodes.get(name) ?? new Map<string, Node>();
    for (const [id, { session }] of nodes) {
      if ((this.#sessionEnds.get(session) ?? Number.POSITIVE_INFINITY) <= this.#now()) nodes.delete(id);
    }
    return nodes;
  }
}

export interface CatalogRow {
  readonly service_name: string;
  readonly service_url: string;
  readonly health_check_url: string | null;
  readonly status: string;
  readonly service_metadata: Record<string, unknown>;
  readonly registered_at: string;
}

/** The catalog: one row a service name, whoever registered last. */
export class Postgres {
  up = true;
  readonly #rows = new Map<string, CatalogRow>();

  upsert(row: CatalogRow): void {
    const known = this.#table().get(row.service_name);
    this.#rows.set(row.service_name, { ...row, registered_at: known?.registered_at ?? row.registered_at });
  }

  setStatus(name: string, status: string): void {
    const row = this.#table().get(name);
    if (row !== undefined) this.#rows.set(name, { ...row, status });
  }

  rows(): CatalogRow[] {
    return [...this.#table().values()];
  }

  /** All that is held, up or down. */
  dump(): CatalogRow[] {
    return [...this.#rows.values()];
  }

  #table(): Map<string, CatalogRow> {
    if (!this.up) throw new Crash('PostgreSQL is down');
    return this.#rows;
  }
}

/** Keys with a time to live, on the injected clock. A restart of the Config Service does not touch them. */
export class Redis {
  up = true;
  readonly #entries = new Map<string, { value: string; expires: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get(key: string): string | undefined {
    const entry = this.#store().get(key);
    return entry !== undefined && entry.expires > this.#now() ? entry.value : undefined;
  }

  set(key: string, value: string, ttlMs = Number.POSITIVE_INFINITY): void {
    this.#store().set(key, { value, expires: this.#now() + ttlMs });
  }

  delete(key: string): void {
    this.#store().delete(key);
  }

  #store(): Map<string, { value: string; expires: number }> {
    if (!this.up) throw new Crash('Redis is down');
    return this.#entries;
  }
}
