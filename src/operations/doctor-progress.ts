// How far a run of the doctor is, in a line.
import type { RunEvent } from '../doctor/run-checks.js';

interface About {
  /** How many are examined. */
  services: number;
  /** It says how long it will still take; no telling where what may become true is waited for. */
  foreseeable: boolean;
  /** Milliseconds on a clock that never jumps. */
  now(): number;
  /** Checks that watch beside the others, by id: what each waits for. */
  watchers: ReadonlyMap<string, string>;
  show(line: string): void;
}

/** Many services have many events: a line that changes more often is not read. */
const EVERY_MS = 200;

/** The first answers are no measure: connections are made, the API is found out. */
const TELLING_MS = 2_000;

/** Shows `3 of 33 checks done, waiting for registry.api`, of many services how many are done and how long it takes. */
export function progress({ services, foreseeable, watchers, now, show }: About): (event: RunEvent) => void {
  const running = new Set<string>();
  const started = now();
  let checks = { done: 0, total: 0 };
  let examined = 0;
  let shownAt = Number.NEGATIVE_INFINITY;

  const line = () => {
    const done = `${number(checks.done)} of ${number(checks.total)} checks done`;
    if (services <= 1) {
      // The one under way the longest is the one that is waited for; of those that watch, when all others are done.
      const [oldest] = [...running].sort((a, b) => Number(watchers.has(a)) - Number(watchers.has(b)));
      const title = watchers.get(oldest ?? '');
      if (title !== undefined) return `Still watching ${oldest}: ${title} (or --skip it)`;
      if (checks.total === 0) return `Examining, waiting for ${oldest}`;
      return oldest === undefined ? done : `${done}, waiting for ${oldest}`;
    }
    const elapsed = now() - started;
    const leftMs = (elapsed / examined) * (services - examined);
    const left =
      foreseeable && elapsed >= TELLING_MS && examined > 0 ? `, about ${duration(leftMs)} left` : '';
    return `${done}, ${number(examined)} of ${number(services)} services${left}`;
  };

  return (event) => {
    if (event.kind === 'started') running.add(event.id);
    else if (event.kind === 'examined') examined = event.done;
    else {
      running.delete(event.result.id);
      checks = event;
    }
    if (services > 1 && now() - shownAt < EVERY_MS) return;
    shownAt = now();
    show(line());
  };
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 100 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
