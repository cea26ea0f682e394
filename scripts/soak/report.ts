// What a soak prints: a line a lap, and a summary.
import type { Lap } from './lap.js';

/** Megabytes. */
export interface Memory {
  readonly start: number;
  readonly end: number;
  readonly most: number;
}

const count = new Intl.NumberFormat('en-US');

/** `03:20  lap 7  12,345 operations  SIGKILL, SIGSTOP  0 violations  118 MB` */
export function lapLine(lap: Lap, number: number, elapsedMs: number, megabytes: number): string {
  const { faults, operations, violations } = lap;
  const seconds = Math.round(elapsedMs / 1000);
  const clock = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  return [
    clock,
    `lap ${number}`,
    `${count.format(total(operations))} operations`,
    faults.join(', ') || 'no fault',
    `${violations.length} violations`,
    `${Math.round(megabytes)} MB`,
  ].join('  ');
}

export function summary(laps: readonly Lap[], memory: Memory, seed: number): string {
  const kinds = { change: 0, beat: 0, list: 0, discover: 0, url: 0, told: 0 };
  for (const { operations } of laps)
    for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) kinds[kind] += operations[kind];
  const faults = new Map<string, number>();
  for (const lap of laps) for (const name of lap.faults) faults.set(name, (faults.get(name) ?? 0) + 1);
  const ofEach = [...faults].sort(([, a], [, b]) => b - a).map(([name, times]) => `${name} ${times}`);
  const reads = kinds.list + kinds.discover + kinds.url;
  const parts = [
    `registrations and deregistrations ${count.format(kinds.change)}`,
    `heartbeats ${count.format(kinds.beat)}`,
    `reads ${count.format(reads)}`,
    `watched events ${count.format(kinds.told)}`,
  ];
  const allFaults = laps.reduce((sum, lap) => sum + lap.faults.length, 0);
  const violations = laps.reduce((sum, lap) => sum + lap.violations.length, 0);
  const mb = (value: number) => `${Math.round(value)} MB`;
  return [
    `Operations  ${count.format(total(kinds))}: ${parts.join(', ')}`,
    `Faults      ${allFaults}${ofEach.length > 0 ? `: ${ofEach.join(', ')}` : ''}`,
    `Violations  ${violations}`,
    `Memory      ${mb(memory.start)} at the start, ${mb(memory.end)} at the end, ${mb(memory.most)} at most`,
    `Seed        ${seed}`,
    '',
  ].join('\n');
}

function total(operations: Lap['operations']): number {
  return Object.values(operations).reduce((sum, each) => sum + each, 0);
}
