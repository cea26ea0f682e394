// The model finds every kind of lie: a suite that could not would prove nothing.
import { expect, test } from 'vitest';
import { type Beat, type Change, History, type Op, type Read } from './history.js';
import { type Rules, violationsOf } from './model.js';

const RULES: Rules = {
  leaseMs: 3000,
  sweepMs: 1000,
  evictAfterMs: 20_000,
  lagMs: 500,
  apart: [],
  standstills: [],
  renewals: [],
};

const asked = (start: number, replica = 'a') =>
  ({ replica, service: 'asr', start, end: start + 10, status: 200, detail: '' }) as const;

const registered = (start: number, url = 'http://one', rest: Partial<Change> = {}): Change => ({
  ...{ ...asked(start), kind: 'change', id: 'asr-1', url, outcome: 'done' },
  ...rest,
});
const removed = (start: number, rest: Partial<Change> = {}): Change => ({
  ...registered(start),
  url: null,
  ...rest,
});
const beaten = (start: number, rest: Partial<Beat> = {}): Beat => ({
  ...{ ...asked(start), kind: 'beat', id: 'asr-1' },
  ...rest,
});
const listed = (start: number, rows: [url: string, state: string][], rest: Partial<Read> = {}): Read => ({
  ...asked(start),
  kind: 'list',
  rows: rows.map(([url, state]) => ({ id: 'asr-1', url, state })),
  stale: false,
  ...rest,
});

const UP: [string, string][] = [['http://one', 'healthy']];

function judged(ops: Op[], rules: Partial<Rules> = {}): string[] {
  const history = new History();
  for (const op of ops) history.add(op);
  return violationsOf(history, { ...RULES, ...rules }).map(({ says }) => says);
}

test.each<[string, Op[], Partial<Rules>?]>([
  ['what was acknowledged is there', [registered(0), listed(100, UP)]],
  ['what is under way may be there or not', [registered(0, undefined, { end: 300 }), listed(100, [])]],
  ['nobody knows what became of it', [registered(0, undefined, { outcome: 'unknown' }), listed(100, UP)]],
  [
    'nobody knows what became of it, either way',
    [registered(0, undefined, { outcome: 'unknown' }), listed(9, [])],
  ],
  ['down after its lease', [registered(0), beaten(20), listed(3200, [['http://one', 'down']])]],
  ['removed long after', [registered(0), beaten(20), listed(30_000, [])]],
  ['another replica is told a little later', [registered(0), listed(400, [], { replica: 'b' })]],
  [
    'replicas that are cut apart are told after',
    [registered(0), listed(4000, [], { replica: 'b' })],
    { apart: [{ from: 0, to: 4000 }] },
  ],
  [
    'a registry that stood still lets it live for longer',
    [registered(0), beaten(20), listed(6000, UP)],
    { standstills: [{ from: 100, to: 4000 }] },
  ],
])('allows: %s', (_name, ops, rules) => expect(judged(ops, rules)).toEqual([]));

test.each<[string, Op[], Partial<Rules>?]>([
  ['is registered, and list at a does not have it', [registered(0), listed(100, [])]],
  ['is deregistered, and list at a has it', [registered(0), removed(20), listed(100, UP)]],
  ['has another address', [registered(0), registered(20, 'http://two'), listed(100, UP)]],
  // "Nothing was changed."
  [
    'is deregistered, and list at a has it',
    [registered(0, undefined, { outcome: 'nothing' }), listed(100, UP)],
  ],
  ['was never registered', [listed(100, UP)]],
  [
    'keeps beating, and is said to be down',
    [registered(0), beaten(20), listed(2900, [['http://one', 'down']])],
  ],
  ['its heartbeat was answered 404', [registered(0), beaten(20, { status: 404 })]],
  ['its heartbeat counted', [registered(0), removed(20), beaten(40)]],
  ['has not beaten for longer than its lease', [registered(0), beaten(20), listed(4100, UP)]],
  ['is handed out', [registered(0), beaten(20), listed(4100, UP, { kind: 'url' })]],
  ['nothing is registered there', [registered(0), listed(100, [['http://two', 'healthy']], { kind: 'url' })]],
  ['no healthy instance is said to be there', [registered(0), beaten(20), listed(100, [], { kind: 'url' })]],
  ['at b does not have it', [registered(0), listed(600, [], { replica: 'b' })]],
  [
    'keeps beating, and is said to be down',
    // A heartbeat at any replica counts, also while they are cut apart.
    [registered(0), beaten(20), listed(2900, [['http://one', 'down']], { replica: 'b' })],
    { apart: [{ from: 25, to: 4000 }] },
  ],
  ['it answered 500', [{ ...listed(100, []), status: 500, rows: undefined }]],
  [
    'was told at revision 3 after 4',
    [4, 3].map((revision) => listed(revision, [], { kind: 'told', stream: 's', revision })),
  ],
])('finds: %s', (says, ops, rules) =>
  expect(judged(ops, rules)).toContainEqual(expect.stringContaining(says)),
);
