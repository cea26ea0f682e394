// What the traffic of a row asked and was told, in the order in which it was told: what the model judges by.

/** What an answer means for the change that was asked for: made, not made, or nobody knows. */
export type Outcome = 'done' | 'nothing' | 'unknown';

interface Asked {
  /** The replica that was asked. */
  readonly replica: string;
  readonly service: string;
  /** Monotonic, milliseconds; of what a watcher was told: when it may have been waiting to be read. */
  readonly start: number;
  /** When the answer was there, or it was clear that none would come. */
  readonly end: number;
  /** 0 where there was no answer. */
  readonly status: number;
  /** What was answered, or what went wrong, for people. */
  readonly detail: string;
}

/** A registration, or a deregistration where `url` is null. */
export interface Change extends Asked {
  readonly kind: 'change';
  readonly id: string;
  readonly url: string | null;
  readonly outcome: Outcome;
}

export interface Beat extends Asked {
  readonly kind: 'beat';
  readonly id: string;
}

/** An instance as an answer has it. */
export interface Seen {
  readonly id: string;
  readonly url: string;
  readonly state: string;
}

/** `list` has every instance, `discover` the healthy ones, `url` the address of one of those; `told` is of a watcher. */
export interface Read extends Asked {
  readonly kind: 'list' | 'discover' | 'url' | 'told';
  /** Undefined where there was no answer. Of `url`: no row where there is no healthy instance, and no id. */
  readonly rows: readonly Seen[] | undefined;
  /** The answer says of itself that it may be stale (RFC 9111, `Warning: 110`). */
  readonly stale: boolean;
  /** Of `told`: which stream, of which run of a replica, and the revision. */
  readonly stream?: string;
  readonly revision?: number;
}

export type Op = Change | Beat | Read;

export class History {
  readonly ops: Op[] = [];

  add(op: Op): void {
    this.ops.push(op);
  }

  /** How many were answered as promised in a stretch of time, by kind. */
  answered(from: number, to: number): Record<Op['kind'], number> {
    return this.#count(from, to, ({ status }) => status >= 200 && status < 300);
  }

  /** How many were asked in a stretch of time, by kind. */
  asked(from: number, to: number): Record<Op['kind'], number> {
    return this.#count(from, to, () => true);
  }

  /** The last requests of a kind, for people. */
  latest(kind: 'change' | 'beat' | 'read'): string[] {
    const ofKind = ({ kind: one }: Op) =>
      kind === 'read' ? one !== 'change' && one !== 'beat' : one === kind;
    const zero = this.ops[0]?.start ?? 0;
    return this.ops
      .filter(ofKind)
      .slice(-5)
      .map((op) => lineOf(op, zero));
  }

  #count(from: number, to: number, counts: (op: Op) => boolean): Record<Op['kind'], number> {
    const count = { change: 0, beat: 0, list: 0, discover: 0, url: 0, told: 0 };
    for (const op of this.ops) if (op.start >= from && op.start <= to && counts(op)) count[op.kind] += 1;
    return count;
  }
}

/** A line for people: `1234 ms  beat r1 asr/asr-1 -> 200`. */
export function lineOf(op: Op, zero: number): string {
  const at = (time: number) => (time - zero).toFixed(0);
  const what = 'id' in op ? `${op.service}/${op.id}` : op.service;
  const value = op.kind === 'change' ? ` ${op.url ?? 'deregister'} (${op.outcome})` : '';
  const rows = 'rows' in op && op.rows !== undefined ? ` ${op.rows.length} rows` : '';
  const detail = op.status >= 200 && op.status < 300 ? '' : ` ${op.detail}`;
  return `${at(op.start)}..${at(op.end)} ms ${op.kind} ${op.replica} ${what}${value} -> ${op.status}${rows}${detail}`;
}
