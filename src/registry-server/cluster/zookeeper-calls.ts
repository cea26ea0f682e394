// The calls of ZooKeeper as promises, and the watches that they leave.
import type { Client, Exception, Stat, Transaction } from 'node-zookeeper-client';
import type { Op, ZookeeperNode } from './zookeeper.js';
import type { Connection } from './zookeeper-connection.js';
import {
  CHANGED,
  CONDITIONS,
  EXISTS,
  isAnswer,
  MISSING,
  problemOf,
  ZookeeperUnavailable,
} from './zookeeper-errors.js';
import { Watches } from './zookeeper-watches.js';

type Fault = Error | Exception | null;
type Ask<T> = (client: Client, answer: (error: Fault, value: T) => void) => void;

const PERSISTENT = 0;
const EPHEMERAL = 1;
const ANY_VERSION = -1;
const NOTHING = Buffer.alloc(0);

export abstract class Calls {
  protected connection: Connection | undefined;
  /** Those of this session that were not called yet. */
  protected readonly watches = new Watches();
  readonly #chroot: string;

  /** `chroot` goes before every path: the client's own way with it cannot create it. */
  constructor(chroot: string) {
    this.#chroot = chroot;
  }

  async get(path: string, watch?: () => void): Promise<ZookeeperNode | undefined> {
    const ask = (once?: () => void): Ask<[Buffer | undefined, Stat]> => {
      return (client, done) => {
        const answer = (error: Fault, data: Buffer | undefined, stat: Stat) => done(error, [data, stat]);
        if (once === undefined) client.getData(this.#at(path), answer);
        else client.getData(this.#at(path), once, answer);
      };
    };
    const got = await this.#watching(`data ${path}`, watch, (once) => this.#ask(MISSING, ask(once)));
    if (got === undefined) return undefined;
    const [data, { version, ephemeralOwner }] = got;
    // A node may have no data at all.
    return { data: data ?? NOTHING, version, owner: ephemeralOwner.toString('hex') };
  }

  children(path: string, watch?: () => void): Promise<string[] | undefined> {
    const ask = (once?: () => void): Ask<string[]> => {
      return (client, answer) => {
        if (once === undefined) client.getChildren(this.#at(path), answer);
        else client.getChildren(this.#at(path), once, answer);
      };
    };
    return this.#watching(`children ${path}`, watch, (once) => this.#ask(MISSING, ask(once)));
  }

  create(path: string, data: Buffer, { ephemeral = false } = {}): Promise<boolean> {
    return this.#create(this.#at(path), data, ephemeral ? EPHEMERAL : PERSISTENT);
  }

  async createAll(path: string): Promise<void> {
    let above = '';
    for (const name of this.#at(path).split('/').slice(1)) {
      above += `/${name}`;
      await this.#create(above, NOTHING, PERSISTENT);
    }
  }

  async set(path: string, data: Buffer, version = ANY_VERSION): Promise<boolean> {
    const ask: Ask<Stat> = (client, answer) => client.setData(this.#at(path), data, version, answer);
    return (await this.#ask(CHANGED, ask)) !== undefined;
  }

  async remove(path: string, version = ANY_VERSION): Promise<boolean> {
    const ask: Ask<true> = (client, answer) =>
      client.remove(this.#at(path), version, (error) => answer(error, true));
    return (await this.#ask(CHANGED, ask)) !== undefined;
  }

  async transact(ops: readonly Op[]): Promise<boolean> {
    if (ops.length === 0) return true;
    const ask: Ask<true> = (client, answer) => {
      const transaction = client.transaction();
      for (const op of ops) this.#add(transaction, op);
      transaction.commit((error) => answer(error, true));
    };
    return (await this.#ask(CONDITIONS, ask)) !== undefined;
  }

  #add(transaction: Transaction, op: Op): void {
    const path = this.#at(op.path);
    if (op.kind === 'create') {
      transaction.create(path, op.data, op.ephemeral ? EPHEMERAL : PERSISTENT);
      return;
    }
    if (op.kind === 'set') transaction.setData(path, op.data);
    else if (op.kind === 'remove') transaction.remove(path);
    else transaction.check(path);
    // Given to the client, version 0 would mean any.
    const last = (transaction as unknown as { ops: { version: number }[] }).ops.at(-1);
    if (last !== undefined) last.version = op.version ?? ANY_VERSION;
  }

  async #create(path: string, data: Buffer, mode: number): Promise<boolean> {
    const ask: Ask<string> = (client, answer) => client.create(path, data, mode, answer);
    return (await this.#ask(EXISTS, ask)) !== undefined;
  }

  /** Undefined where ZooKeeper answers with one of the codes. */
  async #ask<T>(codes: ReadonlySet<number>, ask: Ask<T>): Promise<T | undefined> {
    if (this.connection === undefined) throw new ZookeeperUnavailable('ZooKeeper is not connected');
    try {
      return await this.connection.call(ask);
    } catch (error) {
      if (isAnswer(error, codes)) return undefined;
      throw problemOf(error);
    }
  }

  /** Leaves a watch with what is read; none where nothing was. */
  async #watching<T>(
    at: string,
    watch: (() => void) | undefined,
    read: (once?: () => void) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    if (watch === undefined) return read();
    const { once, isNew } = this.watches.leave(at, watch);
    let seen: T | undefined;
    try {
      seen = await read(once);
      return seen;
    } finally {
      if (seen === undefined && isNew) this.watches.forget(at, watch);
    }
  }

  #at(path: string): string {
    return path === '/' && this.#chroot !== '' ? this.#chroot : this.#chroot + path;
  }
}
