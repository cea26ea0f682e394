// Replicas of the registry's core on one PostgreSQL: store, directory and writer, without HTTP and ZooKeeper.
import pg from 'pg';
import { expect, onTestFinished } from 'vitest';
import { Directory } from '../../src/registry-server/directory.js';
import { planDeregistration, planRegistration } from '../../src/registry-server/plan.js';
import type { Registration } from '../../src/registry-server/registration.js';
import { DEFAULT_TIMINGS, moment, SYSTEM_CLOCK } from '../../src/registry-server/settings.js';
import { PostgresStore } from '../../src/registry-server/store/postgres.js';
import type { AuditRecord } from '../../src/registry-server/store/store.js';
import { Writer } from '../../src/registry-server/writer.js';
import type { Engine } from '../support/engines.js';
import { eventually } from '../support/start-registry.js';

export const PASSWORD = 'hunter2-of-the-tests';
export const CALLER = { serviceId: null, address: '127.0.0.1' };
const silent = { info: () => {}, warn: () => {}, error: () => {} };

export function loginTo(port: number, database: string) {
  return {
    host: '127.0.0.1',
    port,
    user: 'registry',
    database,
    sslmode: 'prefer' as const,
    password: () => PASSWORD,
  };
}

/** A statement as an administrator sends it. */
export async function ask(
  engine: Engine,
  database: string,
  text: string,
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ ...loginTo(engine.port, database), ssl: false });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

let databases = 0;

/** A database of its own for a test. */
export async function emptyDatabase(engine: Engine, options = ''): Promise<string> {
  databases += 1;
  const name = `test_${databases}`;
  await ask(engine, 'postgres', `create database ${name} ${options}`);
  return name;
}

export async function openStore(port: number, database: string): Promise<PostgresStore> {
  const store = await PostgresStore.open(loginTo(port, database), { log: silent });
  onTestFinished(() => store.close());
  return store;
}

export interface Replica {
  readonly store: PostgresStore;
  readonly directory: Directory;
  readonly writer: Writer;
  register(service: string, id: string, url?: string): Promise<Registration>;
  deregister(service: string, id: string): Promise<boolean>;
}

/** A replica that follows the others, as the server puts it together. */
export async function startReplica(port: number, database: string): Promise<Replica> {
  const store = await openStore(port, database);
  const at = moment(SYSTEM_CLOCK);
  const directory = new Directory(DEFAULT_TIMINGS, Math.random, at.now);
  const writer = new Writer(store, directory, SYSTEM_CLOCK, silent);
  directory.load(await store.load(), at);
  store.onChanged(() => void writer.catchUp().catch(() => undefined));
  onTestFinished(() => writer.close());
  const now = (): string => new Date().toISOString();
  return {
    store,
    directory,
    writer,
    register(service, id, url = 'http://asr:8000') {
      const request = { service, id, url, healthUrl: null, metadata: {}, serviceId: null };
      return writer.submit((view) => planRegistration(view, request, CALLER, now(), () => ''));
    },
    deregister(service, id) {
      return writer.submit((view) => planDeregistration(view, { service, id, reason: null }, CALLER, now()));
    },
  };
}

/** What a replica knows of every instance, in an order of its own. */
export function known({ directory }: Replica): string[] {
  return [...directory.catalog.instances()]
    .map(({ registration: { service, id, url, incarnation, state } }) =>
      [service, id, url, incarnation, state].join(' '),
    )
    .sort();
}

/** Five changes, each made when the one before was heard of: whoever only asked every second would need 4 s. */
export async function expectHeardAtOnce(from: Replica, to: Replica): Promise<void> {
  const started = performance.now();
  for (let i = 0; i < 5; i += 1) {
    await from.register('heard', `${i}`);
    await eventually(
      async () => to.directory.catalog.find('heard', `${i}`),
      (seen) => seen !== undefined,
    );
  }
  expect(performance.now() - started).toBeLessThan(3_500);
}

export function record(revision: number, entry = `entry/${revision}`): AuditRecord {
  return {
    entry,
    service: 'asr',
    id: 'asr-1',
    revision,
    at: '2026-11-21T00:00:00.000Z',
    actor: 'registry',
    cause: 'heartbeat',
    from: null,
    to: null,
    detail: null,
  };
}

/** Revisions of every service in the order of the audit trail: they only grow. */
export async function expectGrowingRevisions({ store }: Replica): Promise<void> {
  const latest = new Map<string, number>();
  let after = 0;
  for (;;) {
    const rows = await store.audit({ after, limit: 1000 });
    for (const { service_name, revision, seq } of rows) {
      expect(revision, `${service_name} at ${seq}`).toBeGreaterThan(latest.get(service_name) ?? 0);
      latest.set(service_name, revision);
      after = seq;
    }
    if (rows.length < 1000) return;
  }
}
