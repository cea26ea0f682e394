import type { Context } from '../context.js';
import { EXIT, RegctlError } from '../errors.js';
import { backoffMs } from '../http/retry.js';
import { HEARTBEAT_INTERVAL_S, MISSED_BEATS_MEAN_DOWN } from '../wire/coordinator.js';
import { type Beater, makeBeater } from './beater.js';

export interface HeartbeatInput {
  service?: string | undefined;
  instance?: string | undefined;
  /** Milliseconds; undefined beats every 30 s, or as the registry asks. */
  intervalMs?: number | undefined;
  /** Undefined beats until a signal. */
  count?: number | undefined;
}

export interface BeatReport {
  /** From 1. */
  beat: number;
  /** ISO 8601. */
  at: string;
  /** `service/instance`; at a Coordinator `service id 42` or `service id 42, instance asr-1`. */
  target: string;
  accepted: boolean;
  /** `register`: the API has no heartbeat, so the instance was registered again as it was. */
  via: 'heartbeat' | 'register';
  /** Of the last attempt; null where there was no answer. */
  latency_ms: number | null;
  attempts: number;
  missed_in_a_row: number;
  /** Why it was missed. */
  error: string | null;
}

/** Attempts within one beat start a second apart and back off. */
const FIRST_RETRY = 3;

/**
 * Keeps an instance alive: beats on a fixed grid, so that it never drifts; within a beat that fails, attempts back
 * off with jitter until the next one is due. Throws where beating is in vain: not registered, refused, or, with
 * `count`, the last beat missed.
 */
export async function* heartbeat(input: HeartbeatInput, context: Context): AsyncGenerator<BeatReport> {
  const { clock } = context;
  const beater = await makeBeater(input, context);
  const last = input.count ?? Number.POSITIVE_INFINITY;
  let due = clock.monotonic();
  let missed = 0;
  for (let beat = 1; beat <= last; beat++) {
    const intervalMs = input.intervalMs ?? beater.pacedMs ?? HEARTBEAT_INTERVAL_S * 1000;
    // After a stall the grid goes on from now: beats that were due meanwhile are not sent in a burst.
    if (clock.monotonic() >= due + intervalMs) due = clock.monotonic();
    const at = new Date(clock.now()).toISOString();
    const { attempts, latencyMs, error } = await beatOnce(
      beater,
      due + intervalMs,
      input.count === 1,
      context,
    );
    // One beat that was asked for and missed is no report but an error.
    if (last === 1 && error !== undefined) throw error;
    missed = error === undefined ? 0 : missed + 1;
    yield {
      beat,
      at,
      target: beater.target,
      accepted: error === undefined,
      via: beater.via,
      latency_ms: latencyMs,
      attempts,
      missed_in_a_row: missed,
      error: error?.message ?? null,
    };
    if (missed === MISSED_BEATS_MEAN_DOWN) {
      context.notify(
        `Warning: ${missed} missed in a row: after 90 s without a beat the registry counts ${beater.target} as down and routes nothing to it.`,
      );
    }
    if (beat === last) {
      if (error !== undefined) throw error;
      return;
    }
    due += input.intervalMs ?? beater.pacedMs ?? intervalMs;
    await clock.sleep(Math.max(0, due - clock.monotonic()));
  }
}

interface Tried {
  attempts: number;
  latencyMs: number | null;
  error?: RegctlError;
}

/** One beat: attempts until one is accepted or the next beat is due. */
async function beatOnce(beater: Beater, nextDue: number, single: boolean, context: Context): Promise<Tried> {
  const { clock } = context;
  for (let attempts = 1; ; attempts++) {
    const started = clock.monotonic();
    try {
      await beater.beat();
      return { attempts, latencyMs: Math.round(clock.monotonic() - started) };
    } catch (error) {
      if (!(error instanceof RegctlError) || error.exit !== EXIT.unknown) throw error;
      const pause = backoffMs(attempts + FIRST_RETRY, context.random());
      if (single || clock.monotonic() + pause >= nextDue) return { attempts, latencyMs: null, error };
      context.notify(`${error.message} Trying again in ${(pause / 1000).toFixed(1)} s.`);
      await clock.sleep(pause);
    }
  }
}
