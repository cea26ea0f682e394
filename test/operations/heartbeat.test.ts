// The pace of heartbeats, on a clock that stands still unless somebody sleeps or a beat takes its time.
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Context, makeContext } from '../../src/context.js';
import { type BeatReport, type HeartbeatInput, heartbeat } from '../../src/operations/heartbeat.js';
import { type CoordinatorReplica, startCoordinatorReplica } from '../support/coordinator-replica.js';
import { emptyFolder } from '../support/run-cli.js';
import { SECRET } from '../support/targets.js';

const BEAT_TAKES_MS = 7_000;

let replica: CoordinatorReplica;
let context: Context;
let slept = 0;
let stallMs = 0;
const notices: string[] = [];

beforeEach(async () => {
  [slept, stallMs, notices.length] = [0, 0, 0];
  replica = await startCoordinatorReplica({ secret: SECRET });
  replica.registerRaw({ service_id: 1, service_name: 'asr-service', url: 'http://asr:1' });
  const made = await makeContext(
    {},
    {
      environment: { REGISTRY_URL: replica.url, SERVICE_ID: '1' },
      folder: emptyFolder(),
      stdin: Readable.from([]),
      pid: 1,
      userAgent: 'regctl/test',
      signal: new AbortController().signal,
      notify: (line) => void notices.push(line),
      progress: () => undefined,
      changing: () => undefined,
    },
  );
  const monotonic = () => slept + replica.requests.length * BEAT_TAKES_MS;
  context = {
    ...made,
    random: () => 0.5,
    clock: {
      monotonic,
      now: monotonic,
      sleep: async (ms) => {
        slept += ms + stallMs;
        stallMs = 0;
      },
    },
  };
});
afterEach(async () => {
  await context.close();
  await replica.close();
});

async function beats(input: HeartbeatInput, during: (report: BeatReport) => void = () => undefined) {
  const reports: BeatReport[] = [];
  for await (const report of heartbeat(input, context)) {
    reports.push(report);
    during(report);
  }
  return reports;
}
const startsOf = (reports: readonly BeatReport[]) => reports.map(({ at }) => Date.parse(at) / 1000);

describe('heartbeat', () => {
  it('keeps to the grid however long a beat takes: every 30 s, or as the registry asks', async () => {
    expect(startsOf(await beats({ count: 5 }))).toEqual([0, 30, 60, 90, 120]);
  });

  it('keeps to its own interval', async () => {
    expect(startsOf(await beats({ count: 3, intervalMs: 10_000 }))).toEqual([0, 10, 20]);
  });

  it('sends no burst after a stall', async () => {
    const reports = await beats({ count: 4 }, ({ beat }) => {
      if (beat === 2) stallMs = 100_000;
    });
    expect(startsOf(reports)).toEqual([0, 30, 160, 190]);
  });

  it('tries a missed beat again until the next is due, then says how many are missed in a row', async () => {
    const reports: BeatReport[] = [];
    const failing = beats({ count: 4 }, (report) => {
      reports.push(report);
      if (report.beat === 1) replica.crash();
    });
    await expect(failing).rejects.toMatchObject({ code: 'SERVER_ERROR' });
    const tries = notices.filter((line) => line.includes('Trying again in'));
    expect(tries.length).toBeGreaterThanOrEqual(3);
    expect(notices.filter((line) => line.startsWith('Warning: 3 missed in a row'))).toHaveLength(1);
    expect(reports.map(({ missed_in_a_row }) => missed_in_a_row)).toEqual([0, 1, 2, 3]);
    // A last try may end after the next beat is due, which then comes at once; it never adds up.
    for (const [beat, start] of startsOf(reports).entries()) {
      expect(start).toBeGreaterThanOrEqual(beat * 30);
      expect(start).toBeLessThanOrEqual(beat * 30 + BEAT_TAKES_MS / 1000);
    }
  });
});
