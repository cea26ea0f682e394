// heartbeat.*: is the last beat recent, and does the next one come.
import type { Instance } from '../../registry-client/client.js';
import { HEARTBEAT_INTERVAL_S, MISSED_BEATS_MEAN_DOWN } from '../../wire/coordinator.js';
import { attempt, because } from '../attempt.js';
import {
  blockedBy,
  type Finding,
  few,
  finding,
  found,
  notApplicable,
  pass,
  serviceCheck,
  verdict,
} from '../check.js';
import { label, listing, present } from './registration.js';
import { LEEWAY_S, reachable, skewOf } from './registry.js';
import { api } from './registry-api.js';

const LIMIT_S = HEARTBEAT_INTERVAL_S * MISSED_BEATS_MEAN_DOWN;

/** An instance that beats, as it was seen last. */
interface Beating {
  instance: string;
  /** Milliseconds since 1970, by the registry's clock. */
  beat: number;
}

export const recent = serviceCheck({
  id: 'heartbeat.recent',
  title: `The last heartbeat is less than ${LIMIT_S} s old`,
  about: `A service beats every ${HEARTBEAT_INTERVAL_S} s; after ${LIMIT_S} s without it is down and gets no traffic. Read from the registry, by the registry's clock. Not applicable where the registry does not tell of heartbeats, as a deployed Config Service, which has none, and to an instance that registered by the registry guide alone and is watched by its health check.`,
  checklist: ['integration.5'],
  requires: [present, api, reachable],
  codes: ['BEAT_LATE', 'BEAT_UNREADABLE', 'BEAT_NEVER'],
  settles: true,
  async run(context, [known, { api: kind }, { answer, askedAt }]) {
    const { service } = context;
    const { instances, listedAt } = await listing(known, context);
    const skewMs = skewOf(answer, askedAt) ?? 0;
    const now = listedAt + skewMs;
    const findings: Finding[] = [];
    const beating: Beating[] = [];
    for (const instance of instances) {
      const about = { service, instance: label(instance), limitS: LIMIT_S };
      const beat = beatOf(instance);
      if (beat === undefined) {
        // Only a registry that tells how it watches an instance tells of heartbeats at all.
        if (kind === 'coordinator' && instance.monitored_by !== null)
          findings.push(finding('BEAT_NEVER', about));
      } else if (!hasBeen(beat, now)) {
        const said = `"${instance.last_heartbeat}", at ${new Date(now).toISOString()}`;
        findings.push(finding('BEAT_UNREADABLE', { ...about, said }));
      } else {
        beating.push({ instance: label(instance), beat });
        const ageS = secondsBetween(beat, now);
        if (ageS > LIMIT_S) findings.push(finding('BEAT_LATE', { ...about, ageS }));
      }
    }
    if (findings.length > 0) return found(findings);
    if (beating.length === 0) return notApplicable(whyNone(instances));
    const ages = beating.map(({ beat }) => `${secondsBetween(beat, now)} s`);
    return verdict([], `${few(ages)} ago`, { beating, skewMs });
  },
});

function whyNone(instances: readonly Instance[]): string {
  const watched = instances.some(({ monitored_by }) => monitored_by === 'health-check');
  return watched
    ? 'it sends no heartbeats: the registry watches it by its health check'
    : 'the registry does not tell of heartbeats';
}

/** The last heartbeat, milliseconds since 1970; undefined where the registry tells of none, NaN where of no time. */
function beatOf({ last_heartbeat }: Instance): number | undefined {
  return last_heartbeat ? Date.parse(last_heartbeat) : undefined;
}

/** False for a time to come, which clocks that differ a little do not explain, and for no time at all. */
function hasBeen(beat: number, now: number): boolean {
  return beat <= now + LEEWAY_S * 1000;
}

function secondsBetween(from: number, to: number): number {
  return Math.max(0, Math.round((to - from) / 1000));
}

/** Seconds a beat may be late: the way to the registry, a busy event loop, the half second a Date header rounds off. */
const TOLERANCE_S = 5;
const INTERVAL_MS = HEARTBEAT_INTERVAL_S * 1000;
const WINDOW_MS = INTERVAL_MS + TOLERANCE_S * 1000;

/** Looks come soon at first, for services that beat more often, then ever rarer until the next beat is due. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
const PAUSE_WHEN_DUE_MS = 1_000;

export const cadence = serviceCheck({
  id: 'heartbeat.cadence',
  title: `A heartbeat comes every ${HEARTBEAT_INTERVAL_S} s`,
  about: `Watches, beside the other checks, until the last beat of every instance that beats has advanced: ${HEARTBEAT_INTERVAL_S} s after the one before, with ${TOLERANCE_S} s of tolerance. It ends with the next beat, so it takes ${HEARTBEAT_INTERVAL_S} s at most where all is well. A last beat can be recent and its loop have ended all the same; this tells. Where the registry does not tell of heartbeats it is not applicable.`,
  checklist: ['integration.5'],
  requires: [recent],
  codes: ['BEAT_STOPPED'],
  background: true,
  settles: true,
  timeoutMs: WINDOW_MS + 30_000,
  async run(context, [{ beating, skewMs }]) {
    const { service } = context;
    const client = await context.registry.client();
    const findings: Finding[] = [];
    const gaps: string[] = [];
    let waiting: readonly Beating[] = beating;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const { value, error } = await attempt(() => client.listInstances(service));
      const now = context.now() + skewMs;
      const over = ({ beat }: Beating) => now > beat + WINDOW_MS;
      if (error) {
        // One answer that got lost shows nothing, unless it was the last that counted.
        if (waiting.some(over)) return blockedBy(reachable, because(error));
      } else {
        const beats = new Map(value.map((each) => [label(each), beatOf(each)]));
        waiting = waiting.filter((one) => {
          // One that was taken out meanwhile has no beat to wait for.
          if (!beats.has(one.instance)) return false;
          const beat = beats.get(one.instance) ?? one.beat;
          const gap = beat - one.beat;
          if (gap > 0 && hasBeen(beat, now)) gaps.push(`${one.instance} after ${(gap / 1000).toFixed(1)} s`);
          else if (over(one)) findings.push(stopped(service, one, now));
          else return true;
          return false;
        });
      }
      if (waiting.length === 0) break;
      const nextDue = Math.min(...waiting.map(({ beat }) => beat + INTERVAL_MS)) - now;
      await context.sleep(Math.min(pause, Math.max(nextDue, PAUSE_WHEN_DUE_MS)));
    }
    if (findings.length > 0) return found(findings);
    return gaps.length > 0 ? pass(few(gaps)) : notApplicable('its instances were taken out meanwhile');
  },
});

function stopped(service: string, { instance, beat }: Beating, now: number): Finding {
  const ageS = secondsBetween(beat, now);
  return finding('BEAT_STOPPED', { service, instance, ageS, intervalS: HEARTBEAT_INTERVAL_S });
}
