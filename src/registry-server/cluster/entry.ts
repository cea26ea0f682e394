// What a replica tells the others at a time, as bytes: in a node of ZooKeeper, or a row of PostgreSQL.
import * as v from 'valibot';
import { Name } from '../../wire/names.js';
import type { Observation } from '../observation.js';
import { isMemberId } from './own-nodes.js';

/** An observation and when it was made, monotonic milliseconds. */
export interface Told {
  readonly observation: Observation;
  readonly at: number;
}

export interface Entry {
  /** The id of a run of a replica. */
  readonly sender: string;
  /** Counts the entries of the sender, from 1. */
  readonly seq: number;
  readonly observations: readonly Observation[];
}

/** The bytes are no entry of this version. */
export class UnreadableEntry extends Error {
  override readonly name = 'UnreadableEntry';
}

const VERSION = 1;
/** A node takes 1 MB, with all that a transaction has beside it. */
export const MAX_ENTRY_BYTES = 512 * 1024;
/** Of a row without its names. */
const ROW_BYTES = 100;
const MOST_ROWS = 50_000;
const LONGEST_ADDRESS = 64;
const LONGEST_MS = 30 * 24 * 3_600_000;

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Ms = v.pipe(v.number(), v.minValue(0), v.maxValue(LONGEST_MS));
const Flag = v.picklist([0, 1]);
const Address = v.pipe(v.string(), v.maxLength(LONGEST_ADDRESS));

/** A row begins with the letter of its kind; where it is of an instance, the index of its service, and so on, follow. */
const ofInstance = [Count, Name, Count, Ms] as const;
const Beat = v.tuple([v.literal('b'), ...ofInstance, Flag]);
const AmbiguousBeat = v.tuple([v.literal('a'), ...ofInstance]);
const Checked = v.tuple([v.literal('c'), ...ofInstance, Count, Ms]);
const Lease = v.tuple([v.literal('l'), ...ofInstance, Flag]);
const Known = v.tuple([v.literal('k'), Count, Address]);
const Released = v.tuple([v.literal('r'), Count]);

const Document = v.tuple([
  v.literal(VERSION),
  v.custom<string>(isMemberId),
  v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  v.pipe(v.array(Name), v.maxLength(MOST_ROWS)),
  v.pipe(v.array(v.looseTuple([v.string()])), v.maxLength(MOST_ROWS)),
]);

/** In parts that fit into an entry each; at least one. */
export function inEntries(told: readonly Told[]): Told[][] {
  let part: Told[] = [];
  let bytes = ROW_BYTES;
  const parts = [part];
  for (const each of told) {
    const more = mostBytes(each.observation);
    if (bytes + more > MAX_ENTRY_BYTES || part.length === MOST_ROWS) {
      part = [];
      parts.push(part);
      bytes = ROW_BYTES;
    }
    part.push(each);
    bytes += more;
  }
  return parts;
}

function mostBytes(observation: Observation): number {
  // A character takes six bytes at most, as `\u001b`.
  if (observation.kind === 'known') return ROW_BYTES + 6 * LONGEST_ADDRESS;
  const names = observation.service.length + ('id' in observation ? observation.id.length : 0);
  return ROW_BYTES + names;
}

/** `now` is when it is told: what has waited is so much older. */
export function encodeEntry(sender: string, seq: number, told: readonly Told[], now: number): Buffer {
  const services = new Map<string, number>();
  const indexOf = (service: string): number => {
    const index = services.get(service) ?? services.size;
    services.set(service, index);
    return index;
  };
  const rows = told.map(({ observation, at }) => rowOf(observation, Math.max(0, now - at), indexOf));
  return Buffer.from(JSON.stringify([VERSION, sender, seq, [...services.keys()], rows]));
}

function rowOf(
  observation: Observation,
  waitedMs: number,
  indexOf: (service: string) => number,
): readonly unknown[] {
  if (observation.kind === 'known')
    return ['k', observation.serviceId, observation.address.slice(0, LONGEST_ADDRESS)];
  const service = indexOf(observation.service);
  if (observation.kind === 'released') return ['r', service];
  const { id, incarnation, agoMs } = observation;
  const of = [service, id, incarnation, bounded(agoMs + waitedMs)];
  switch (observation.kind) {
    case 'beat':
      return ['b', ...of, observation.named ? 1 : 0];
    case 'lease':
      return ['l', ...of, observation.named ? 1 : 0];
    case 'checked':
      return ['c', ...of, observation.failures, bounded(observation.failingMs)];
    case 'ambiguous-beat':
      return ['a', ...of];
  }
}

function bounded(ms: number): number {
  return Math.min(LONGEST_MS, Math.max(0, Math.round(ms)));
}

/** Throws UnreadableEntry. Rows of a kind that is not known here, of a newer replica, are left out. */
export function decodeEntry(bytes: Uint8Array): Entry {
  if (bytes.length > MAX_ENTRY_BYTES) throw new UnreadableEntry(`it has ${bytes.length} bytes`);
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  } catch (error) {
    throw new UnreadableEntry('it is not JSON', { cause: error });
  }
  const [, sender, seq, services, rows] = checked(Document, document);
  const observations = rows.flatMap((row) => observationOf(row, services) ?? []);
  return { sender, seq, observations };
}

/** What the entry tells was seen so much longer ago than it says. */
export function agedEntry(entry: Entry, ms: number): Entry {
  const observations = entry.observations.map((seen) =>
    'agoMs' in seen ? { ...seen, agoMs: seen.agoMs + ms } : seen,
  );
  return { ...entry, observations };
}

function observationOf(
  row: readonly [string, ...unknown[]],
  services: readonly string[],
): Observation | undefined {
  const serviceOf = (index: number): string => {
    const service = services[index];
    if (service === undefined) throw new UnreadableEntry(`it names no service ${index}`);
    return service;
  };
  const of = ([, service, id, incarnation, agoMs]: readonly [
    string,
    number,
    string,
    number,
    number,
    ...unknown[],
  ]) => ({
    service: serviceOf(service),
    id,
    incarnation,
    agoMs,
  });
  switch (row[0]) {
    case 'b': {
      const beat = checked(Beat, row);
      return { kind: 'beat', ...of(beat), named: beat[5] === 1 };
    }
    case 'a':
      return { kind: 'ambiguous-beat', ...of(checked(AmbiguousBeat, row)) };
    case 'c': {
      const check = checked(Checked, row);
      return { kind: 'checked', ...of(check), failures: check[5], failingMs: check[6] };
    }
    case 'l': {
      const lease = checked(Lease, row);
      return { kind: 'lease', ...of(lease), named: lease[5] === 1 };
    }
    case 'k': {
      const [, serviceId, address] = checked(Known, row);
      return { kind: 'known', serviceId, address };
    }
    case 'r':
      return { kind: 'released', service: serviceOf(checked(Released, row)[1]) };
    default:
      return undefined;
  }
}

function checked<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  throw new UnreadableEntry(result.issues[0].message);
}
