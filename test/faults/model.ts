// What a registry may answer, given all that was asked of it: every answer that it may not give is a violation.
import { type Beat, type Change, type History, lineOf, type Op, type Read, type Seen } from './history.js';

/** A stretch of time in which something is allowed that else is not. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface Rules {
  /** After this long without a heartbeat an instance is down. */
  readonly leaseMs: number;
  /** A lapsed lease is noticed this late at most. */
  readonly sweepMs: number;
  /** Down for this long it is removed. */
  readonly evictAfterMs: number;
  /** What one replica has acknowledged the others answer with this late at most. */
  readonly lagMs: number;
  /**
   * Replicas were cut apart: they learn of each other's changes when it is over, and `lagMs` later at most. Whoever does
   * not know what others acknowledged says so.
   */
  readonly apart: readonly Stretch[];
  /** No lease runs: the registry stood still, or could not know. */
  readonly standstills: readonly Stretch[];
  /** At these times every lease began anew: a registry started. */
  readonly renewals: readonly number[];
  /** How much of the time between two the machine had none to spare: what takes time took so much more. */
  readonly lost?: (from: number, to: number) => number;
}

export interface Violation {
  readonly says: string;
  /** The answer, and what was asked of the instance before it. */
  readonly excerpt: readonly string[];
}

/** Enough to see what is wrong. */
const MOST = 6;
/** A replica that is cut off from the others notices it by then. */
const NOTICED_MS = 7000;
/** Where this process is not given time, each of the several that a change goes through may have lost as much. */
const OTHERS_LOSE = 4;
/** An event of a watch is told this long after it was true at most, beside what the watcher itself was late. */
const TOLD_LATE_MS = 1000;

/** Checks every answer against the model. */
export function violationsOf({ ops }: History, rules: Rules): Violation[] {
  const model = new Model(ops, rules);
  const found: Violation[] = [];
  for (const op of ops) {
    for (const says of model.check(op)) {
      if (found.length < MOST) found.push({ says, excerpt: model.excerpt(op, says) });
    }
  }
  return found;
}

/**
 * The moment at which all of these listings were true at once, whole changes and no half ones; undefined where there
 * was none.
 */
export function momentOf(
  { ops }: History,
  rules: Rules,
  listings: readonly Pick<Read, 'service' | 'replica' | 'rows'>[],
): number | undefined {
  const model = new Model(ops, rules);
  const times = ops.filter(({ kind }) => kind === 'change').flatMap(({ start, end }) => [start, end]);
  return times.find((time) => listings.every((listing) => model.wasSo(listing, time)));
}

interface Instance {
  readonly service: string;
  readonly id: string;
  readonly changes: Change[];
  readonly beats: Beat[];
}

/** Who is answered, when, and whether the answer says of itself that it may be stale. */
type Reader = Pick<Op, 'replica' | 'start'> & { readonly stale?: boolean };

const answeredWell = ({ status }: Op): boolean => status >= 200 && status < 300;

class Model {
  readonly #rules: Rules;
  readonly #zero: number;
  readonly #services = new Map<string, Map<string, Instance>>();
  /** The last event of a stream, by stream and service. */
  readonly #told = new Map<string, number>();

  constructor(ops: readonly Op[], rules: Rules) {
    this.#rules = rules;
    this.#zero = ops[0]?.start ?? 0;
    for (const op of ops) {
      if (op.kind === 'change') this.#instance(op).changes.push(op);
      if (op.kind === 'beat') this.#instance(op).beats.push(op);
    }
    for (const instances of this.#services.values()) {
      for (const { changes, beats } of instances.values()) {
        changes.sort((a, b) => a.start - b.start);
        beats.sort((a, b) => a.start - b.start);
      }
    }
  }

  #instance({ service, id }: { service: string; id: string }): Instance {
    const instances = this.#services.get(service) ?? new Map<string, Instance>();
    this.#services.set(service, instances);
    const instance = instances.get(id) ?? { service, id, changes: [], beats: [] };
    instances.set(id, instance);
    return instance;
  }

  /** What is wrong with an answer; nothing where all is well. */
  check(op: Op): string[] {
    if (op.status >= 400 && ![401, 403, 404, 503].includes(op.status)) return [`it answered ${op.status}`];
    if (op.kind === 'beat') return this.#checkBeat(op);
    if (op.kind === 'change') return [];
    return op.rows === undefined ? [] : this.#checkRead(op, op.rows);
  }

  /** Whether a listing has what was registered at `time`. */
  wasSo({ service, replica, rows = [] }: Pick<Read, 'service' | 'replica' | 'rows'>, time: number): boolean {
    const instances = [...(this.#services.get(service)?.values() ?? [])];
    return instances.every((instance) => {
      const row = rows.find(({ id }) => id === instance.id);
      return this.#allowed(instance, { replica, start: time }, time, time).has(row?.url ?? null);
    });
  }

  #checkBeat(op: Beat): string[] {
    const instance = this.#instance(op);
    const allowed = this.#allowed(instance, op, op.start, op.end);
    const who = `${op.service}/${op.id}`;
    if (op.status === 404 && !allowed.has(null) && !this.#mayBeEvicted(instance, op.end)) {
      return [`${who} is registered, and its heartbeat was answered 404`];
    }
    if (answeredWell(op) && allowed.size === 1 && allowed.has(null)) {
      return [`${who} is deregistered, and its heartbeat counted`];
    }
    return [];
  }

  #checkRead(op: Read, rows: readonly Seen[]): string[] {
    const start = op.kind === 'told' ? op.start - TOLD_LATE_MS : op.start;
    const wrong = op.kind === 'told' ? this.#checkOrder(op) : [];
    const instances = [...(this.#services.get(op.service)?.values() ?? [])];
    if (op.kind === 'url') return [...wrong, ...this.#checkUrl(op, rows, instances)];
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const instance of instances) {
      const row = byId.get(instance.id);
      byId.delete(instance.id);
      const who = `${op.service}/${instance.id}`;
      const allowed = this.#allowed(instance, op, start, op.end);
      const healthy = this.#isHealthy(instance, op, start);
      const mayBeAbsent =
        allowed.has(null) ||
        this.#mayBeEvicted(instance, op.end) ||
        // Only the healthy are discovered.
        (op.kind === 'discover' && instance.beats.length > 0 && !healthy);
      if (row === undefined) {
        if (!mayBeAbsent)
          wrong.push(`${who} is registered, and ${op.kind} at ${op.replica} does not have it`);
        continue;
      }
      if (!allowed.has(row.url)) {
        const what = allowed.has(null) && allowed.size === 1 ? 'is deregistered' : 'has another address';
        wrong.push(`${who} ${what}, and ${op.kind} at ${op.replica} has it as ${row.url}`);
      }
      const mustBe = healthy || (row.state !== 'starting' && this.#isAlive(instance, op, start));
      if (mustBe && row.state !== 'healthy')
        wrong.push(`${who} keeps beating, and is said to be ${row.state}`);
      if (row.state === 'healthy' && this.#isDead(instance, start)) {
        wrong.push(`${who} has not beaten for longer than its lease, and is said to be healthy`);
      }
    }
    for (const id of byId.keys()) wrong.push(`${op.service}/${id} was never registered`);
    return wrong;
  }

  #checkUrl(op: Read, rows: readonly Seen[], instances: readonly Instance[]): string[] {
    const [row] = rows;
    if (row === undefined) {
      const alive = instances.find(
        (instance) =>
          this.#isHealthy(instance, op, op.start) && !this.#allowed(instance, op, op.start, op.end).has(null),
      );
      if (alive === undefined) return [];
      return [`${op.service}/${alive.id} keeps beating, and no healthy instance is said to be there`];
    }
    const possible = instances.filter((instance) =>
      this.#allowed(instance, op, op.start, op.end).has(row.url),
    );
    if (possible.length === 0) return [`${row.url} is handed out, and nothing is registered there`];
    if (possible.every((instance) => this.#isDead(instance, op.start))) {
      return [`${row.url} has not beaten for longer than its lease, and is handed out`];
    }
    return [];
  }

  /** Revisions of a service never go back in one stream of events. */
  #checkOrder({ stream = '', service, revision = 0 }: Read): string[] {
    const key = `${stream} ${service}`;
    const last = this.#told.get(key) ?? 0;
    this.#told.set(key, revision);
    return revision < last ? [`${service} was told at revision ${revision} after ${last}`] : [];
  }

  /** The addresses an instance may have for whoever reads from `start` to `end`; null where it may be absent. */
  #allowed({ changes }: Instance, reader: Reader, start: number, end: number): Set<string | null> {
    const allowed = new Set<string | null>();
    let superseded = false;
    for (let i = changes.length - 1; i >= 0 && !superseded; i -= 1) {
      const change = changes[i];
      if (change === undefined || change.outcome === 'nothing' || change.start > end) continue;
      allowed.add(change.url);
      superseded = change.outcome === 'done' && this.#knownAt(change, reader) < start;
    }
    if (!superseded) allowed.add(null);
    return allowed;
  }

  /** From when on a reader has to be answered with what was acknowledged. */
  #knownAt({ replica, end }: Op, reader: Reader): number {
    if (replica === reader.replica) return end;
    const { apart } = this.#rules;
    let known = end + this.#lag(end);
    for (const { from, to } of apart) {
      const noticed = reader.start > from + NOTICED_MS && reader.start < to;
      const isLie = noticed && reader.stale === false;
      if (from <= known && end <= to && !isLie) known = Math.max(known, to + this.#lag(to));
    }
    return known;
  }

  /** What was acknowledged at `time` takes so long to get to the other replicas at most. */
  #lag(time: number): number {
    const { lagMs, lost = () => 0 } = this.#rules;
    return lagMs + OTHERS_LOSE * lost(time - lagMs, time + 2 * lagMs);
  }

  /** It has beaten so lately that whoever answers `op`, and knows what there is to know, has it as healthy. */
  #isHealthy(instance: Instance, op: Op, start: number): boolean {
    return this.#hasBeaten(instance, op, (beat) => this.#knownAt(beat, op) < start);
  }

  /**
   * It has beaten so lately, at whichever replica, that nobody may take it for down: who cannot know of the beat has to
   * know that it does not know.
   */
  #isAlive(instance: Instance, op: Op, start: number): boolean {
    return this.#hasBeaten(
      instance,
      op,
      ({ replica, end }) => end + (replica === op.replica ? 0 : this.#lag(end)) < start,
    );
  }

  #hasBeaten({ beats, changes }: Instance, op: Op, counts: (beat: Beat) => boolean): boolean {
    const registered = changes.findLast((change) => change.start <= op.end);
    const beat = beats.findLast((one) => answeredWell(one) && counts(one));
    if (beat === undefined || registered === undefined) return false;
    // A registration may start it anew, and an answer that was under way may be of before.
    return registered.end < beat.start && op.end < beat.start + this.#rules.leaseMs;
  }

  /** Its last sign of life is so long ago that nobody may take it for alive any more at `time`. */
  #isDead(instance: Instance, time: number): boolean {
    const since = this.#lastSign(instance, time);
    if (since === undefined) return false;
    const { leaseMs, sweepMs, lost = () => 0 } = this.#rules;
    return this.#leaseTime(since, time) > leaseMs + sweepMs + OTHERS_LOSE * lost(since, time);
  }

  #mayBeEvicted(instance: Instance, time: number): boolean {
    const since = this.#lastSign(instance, time);
    if (since === undefined) return false;
    return time - since > this.#rules.leaseMs + this.#rules.evictAfterMs;
  }

  /** The latest that may have renewed its lease before `time`; undefined for one that never beat. */
  #lastSign({ beats, changes }: Instance, time: number): number | undefined {
    if (!beats.some((beat) => answeredWell(beat) && beat.end < time)) return undefined;
    const signs = [
      ...beats.filter(({ start, status }) => start < time && status !== 404).map(({ end }) => end),
      ...changes.filter(({ start }) => start < time).map(({ end }) => end),
      ...this.#rules.renewals.filter((renewal) => renewal < time),
    ];
    return Math.max(...signs);
  }

  /** How far leases ran between two times. */
  #leaseTime(from: number, to: number): number {
    const stood = this.#rules.standstills.map((still) =>
      Math.max(0, Math.min(to, still.to) - Math.max(from, still.from)),
    );
    return to - from - stood.reduce((sum, ms) => sum + ms, 0);
  }

  /** The answer, and what concerns the instance it is about, latest last. */
  excerpt(op: Op, says: string): string[] {
    const instance = [...(this.#services.get(op.service)?.values() ?? [])].find(({ id }) =>
      says.includes(`${op.service}/${id} `),
    );
    const concerning = [...(instance?.changes ?? []), ...(instance?.beats ?? [])]
      .filter((one) => one !== op && one.start <= op.end)
      .sort((a, b) => a.start - b.start)
      .slice(-8);
    return [...concerning, op].map((one) => lineOf(one, this.#zero));
  }
}
