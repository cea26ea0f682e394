// Reads and writes ZooKeeper as wire/config-service.md has its layout, and knows nothing else of the registry: what a
// deployed Config Service sees, and what it does.
import zookeeper, { type Client, type Stat } from 'node-zookeeper-client';

export interface SeenInstance {
  /** The JSON of the node; its text where it is not JSON. */
  readonly node: unknown;
  /** It goes with the session that wrote it. */
  readonly ephemeral: boolean;
}

type Answer<T> = (error: unknown, value: T) => void;

const CONNECT_MS = 10_000;

export class ZookeeperReader {
  readonly #client: Client;
  readonly #base: string;

  private constructor(client: Client, base: string) {
    this.#client = client;
    this.#base = base;
  }

  /** Rejects where there is no session within 10 s. */
  static async connect(address: string, base = '/services'): Promise<ZookeeperReader> {
    const client = zookeeper.createClient(address, { sessionTimeout: 10_000 });
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        client.close();
        reject(new Error(`ZooKeeper at ${address} gives no session`));
      }, CONNECT_MS);
      client.once('connected', () => {
        clearTimeout(late);
        resolve();
      });
      client.connect();
    });
    return new ZookeeperReader(client, base);
  }

  /** Names of the services, in order. */
  async listServices(): Promise<string[]> {
    return (await this.#children(this.#base)).sort();
  }

  /** The instances of a service by their ids. */
  async instances(service: string): Promise<Record<string, SeenInstance>> {
    const path = `${this.#base}/${service}/instances`;
    const seen: [string, SeenInstance][] = [];
    for (const id of (await this.#children(path)).sort()) {
      const found = await this.#get(`${path}/${id}`);
      if (found !== undefined) seen.push([id, found]);
    }
    return Object.fromEntries(seen);
  }

  /** `service/id` of every instance, in order. */
  async all(): Promise<string[]> {
    const services = await this.listServices();
    const found = await Promise.all(
      services.map(async (name) =>
        (await this.#children(`${this.#base}/${name}/instances`)).map((id) => `${name}/${id}`),
      ),
    );
    return found.flat().sort();
  }

  /** Tells the ids of a service's instances, now and after every change that ZooKeeper tells of. */
  async follow(service: string, tell: (ids: readonly string[]) => void): Promise<void> {
    const path = `${this.#base}/${service}/instances`;
    const again = () => void this.follow(service, tell).catch(() => undefined);
    tell(await ask<string[]>((answer) => this.#client.getChildren(path, again, answer)));
  }

  /** Registers as the deployed Config Service does: an ephemeral node, or new data for the one that is there. */
  async register(
    service: string,
    id: string,
    node: Readonly<Record<string, unknown>> | string,
  ): Promise<void> {
    const data = Buffer.from(typeof node === 'string' ? node : jsonOf(id, node));
    const path = `${this.#base}/${service}/instances/${id}`;
    await ask<string>((answer) => this.#client.mkdirp(`${this.#base}/${service}/instances`, answer));
    try {
      const mode = zookeeper.CreateMode.EPHEMERAL;
      await ask<string>((answer) => this.#client.create(path, data, mode, answer));
    } catch (error) {
      if (codeOf(error) !== zookeeper.Exception.NODE_EXISTS) throw error;
      await ask<Stat>((answer) => this.#client.setData(path, data, answer));
    }
  }

  /** Deregisters as the deployed Config Service does. */
  async deregister(service: string, id: string): Promise<void> {
    const path = `${this.#base}/${service}/instances/${id}`;
    await ask<undefined>((answer) => this.#client.remove(path, (error) => answer(error, undefined)));
  }

  /** Removes a service with all that is under it at once, as an operator might by hand. */
  async wipe(service: string): Promise<void> {
    const path = `${this.#base}/${service}`;
    const transaction = this.#client.transaction();
    for (const id of await this.#children(`${path}/instances`)) transaction.remove(`${path}/instances/${id}`);
    transaction.remove(`${path}/instances`).remove(path);
    await ask<unknown>((answer) => transaction.commit(answer));
  }

  /** Its nodes go with it. */
  close(): void {
    this.#client.close();
  }

  async #children(path: string): Promise<string[]> {
    return (await unlessGone(ask<string[]>((answer) => this.#client.getChildren(path, answer)))) ?? [];
  }

  async #get(path: string): Promise<SeenInstance | undefined> {
    const got = ask<[Buffer | undefined, Stat]>((answer) =>
      this.#client.getData(path, (error, data, stat) => answer(error, [data, stat])),
    );
    const [data, stat] = (await unlessGone(got)) ?? [];
    if (stat === undefined) return undefined;
    return { node: parsed(data?.toString() ?? ''), ephemeral: !stat.ephemeralOwner.equals(Buffer.alloc(8)) };
  }
}

function jsonOf(id: string, { service_url, ...rest }: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...rest, instance_id: id, service_url });
}

function ask<T>(call: (answer: Answer<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value)));
  });
}

async function unlessGone<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (codeOf(error) === zookeeper.Exception.NO_NODE) return undefined;
    throw error;
  });
}

function codeOf(error: unknown): number | undefined {
  return error instanceof zookeeper.Exception ? error.getCode() : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
