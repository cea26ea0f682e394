// Replicas with what they need for the nodes of instances alone: a real directory over a store in memory, which all of
// them share, and a session of their own in a real ZooKeeper.
import { randomBytes, randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { ForeignRights } from '../../../src/registry-server/cluster/foreign.js';
import { Members } from '../../../src/registry-server/cluster/members.js';
import { InstanceNodes } from '../../../src/registry-server/cluster/nodes.js';
import { connectZookeeper, type Zookeeper } from '../../../src/registry-server/cluster/zookeeper.js';
import { Directory } from '../../../src/registry-server/directory.js';
import { planDeregistration, planRegistration } from '../../../src/registry-server/plan.js';
import type { Registration } from '../../../src/registry-server/registration.js';
import { DEFAULT_TIMINGS, moment, SYSTEM_CLOCK } from '../../../src/registry-server/settings.js';
import { EmbeddedStore } from '../../../src/registry-server/store/embedded.js';
import { Writer } from '../../../src/registry-server/writer.js';
import { upstreamStatus } from '../../../src/wire/status.js';
import type { Engine } from '../../support/engines.js';
import { eventually } from '../../support/start-registry.js';
import { ZookeeperReader } from '../../support/zookeeper-reader.js';

const CALLER = { serviceId: null, address: '127.0.0.1' };

/** What a replica logged. */
export class Lines {
  readonly all: string[] = [];
  info = (_: object, message: string): void => void this.all.push(message);
  warn = (_: object, message: string): void => void this.all.push(message);
}

export interface TestReplica {
  readonly zookeeper: Zookeeper;
  readonly members: Members;
  readonly nodes: InstanceNodes;
  readonly lines: Lines;
  /** As at SIGTERM. */
  leave(): Promise<void>;
}

export class World {
  readonly engine: Engine;
  /** No other test's. */
  readonly base: string;
  readonly directory = new Directory(DEFAULT_TIMINGS, Math.random, SYSTEM_CLOCK.now());
  readonly reader: ZookeeperReader;
  readonly store: EmbeddedStore;
  readonly writer: Writer;

  private constructor(engine: Engine, base: string, reader: ZookeeperReader, store: EmbeddedStore) {
    this.engine = engine;
    this.base = base;
    this.reader = reader;
    this.store = store;
    this.writer = new Writer(store, this.directory, SYSTEM_CLOCK, {
      info: () => undefined,
      error: () => undefined,
    });
  }

  static async begin(engine: Engine): Promise<World> {
    const store = await EmbeddedStore.open(':memory:');
    const base = `/t${randomBytes(4).toString('hex')}`;
    const world = new World(engine, base, await ZookeeperReader.connect(engine.address, base), store);
    onTestFinished(async () => {
      world.reader.close();
      await world.writer.close();
      await store.close();
    });
    return world;
  }

  /** A replica that has joined, over the engine itself or a proxy before it. */
  async replica(port = this.engine.port, rights: Partial<ForeignRights> = {}): Promise<TestReplica> {
    const lines = new Lines();
    const clock = SYSTEM_CLOCK;
    const zookeeper = connectZookeeper({
      servers: `127.0.0.1:${port}`,
      sessionTimeoutMs: 1_500,
      log: lines,
    });
    const self = randomBytes(6).toString('hex');
    const members = new Members({ zookeeper, own: `/own${this.base}`, self, clock, log: lines });
    const nodes = new InstanceNodes({
      zookeeper,
      members,
      catalog: this.directory.catalog,
      writer: this.writer,
      basePath: this.base,
      rights,
      clock,
      log: lines,
      patience: { foreignMs: 300, oursMs: 150, emptyMs: 100 },
    });
    const leave = async () => {
      await members.leave();
      await nodes.handOver();
      await nodes.close();
      await zookeeper.close();
    };
    onTestFinished(leave);
    nodes.start();
    await members.join();
    return { zookeeper, members, nodes, lines, leave };
  }

  register(
    service: string,
    id: string,
    rest: { url?: string; healthUrl?: string; metadata?: Record<string, unknown>; owner?: number } = {},
  ): Promise<Registration> {
    const { url = `http://${id}:8000`, healthUrl = null, metadata = {}, owner = null } = rest;
    const request = { service, id, url, healthUrl, metadata, serviceId: owner };
    return this.writer.submit((view) =>
      planRegistration(view, request, { ...CALLER, serviceId: owner }, new Date().toISOString(), randomUUID),
    );
  }

  deregister(service: string, id: string): Promise<boolean> {
    const target = { service, id, reason: null };
    return this.writer.submit((view) => planDeregistration(view, target, CALLER, new Date().toISOString()));
  }

  beat(service: string, id: string): void {
    const instance = this.directory.catalog.instance(service, id);
    if (instance === undefined) throw new Error(`${service}/${id} is not registered`);
    this.writer.record(this.directory.beat(instance, moment(SYSTEM_CLOCK)));
  }

  find(service: string, id: string): Registration | undefined {
    return this.directory.catalog.find(service, id);
  }

  /** `service/id status url` of every instance, as the directory has it. */
  directorySays(): string[] {
    return [...this.directory.catalog.instances()]
      .map(
        ({ registration: { service, id, state, url } }) => `${service}/${id} ${upstreamStatus(state)} ${url}`,
      )
      .sort();
  }

  /** The same, as a reader of ZooKeeper sees it. */
  async readerSees(): Promise<string[]> {
    const rows: string[] = [];
    for (const service of await this.reader.listServices()) {
      for (const [id, { node }] of Object.entries(await this.reader.instances(service))) {
        const { status, service_url } = node as Record<string, unknown>;
        rows.push(`${service}/${id} ${status} ${service_url}`);
      }
    }
    return rows.sort();
  }

  /** Resolves once a reader of ZooKeeper sees what the directory has. */
  async agree(): Promise<string[]> {
    return eventually(
      () => this.readerSees(),
      (seen) => JSON.stringify(seen) === JSON.stringify(this.directorySays()),
    );
  }
}
