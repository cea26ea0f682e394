// How much of the time this process was not given: what it sees late then, and what others do late, is nobody's fault.
const TICK_MS = 50;
/** Lateness that is nothing to speak of. */
const TOLERANCE_MS = 100;

const lost: { readonly at: number; readonly ms: number }[] = [];
let last = performance.now();

function tick(): void {
  const now = performance.now();
  const ms = now - last - TICK_MS;
  if (ms > TOLERANCE_MS) lost.push({ at: now, ms });
  last = now;
}
setInterval(tick, TICK_MS).unref();

/** Milliseconds between two times in which this process could not run. */
export function lostBetween(from: number, to: number): number {
  let sum = 0;
  for (const { at, ms } of lost) sum += Math.max(0, Math.min(at, to) - Math.max(at - ms, from));
  return sum;
}

/** When this process looked for what had arrived, the time before the last: what it reads now came after that. */
export function lookedBefore(): number {
  const late = lost.at(-1);
  const now = performance.now();
  return late !== undefined && now - late.at < 2 * TICK_MS
    ? late.at - late.ms - 2 * TICK_MS
    : now - 3 * TICK_MS - TOLERANCE_MS;
}
