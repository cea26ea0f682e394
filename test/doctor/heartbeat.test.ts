// heartbeat.cadence: for how long it watches, and what it makes of what comes.
import { describe, expect, it } from 'vitest';
// Loaded before time counts.
import '../../src/doctor/catalogue.js';
import { CRASHED, send, startInstrument } from '../support/instrument.js';
import { jumpingClock } from '../support/jumping-clock.js';
import { type Deployment, deploy, forward, notGreen, runDoctor } from './deployment.js';
import { moveToServe, type Serve } from './moves.js';

type Happening = [second: number, happen: (serve: Serve) => Promise<unknown>];

/** Two instances register and beat; then the doctor looks at their heartbeats, while `events` happen. */
async function watched(events: Happening[], change?: (deployment: Deployment) => Promise<void>) {
  const deployment = await deploy({ input: { only: ['heartbeat.cadence'] } });
  const clock = jumpingClock(events.map(([second, happen]) => [second, () => happen(serve)]));
  const serve = await moveToServe(deployment, { clock });
  await change?.(deployment);
  for (const instance of ['asr-1', 'asr-2']) {
    await serve.register(instance);
    await serve.beat(instance);
  }
  const report = await runDoctor({ ...deployment, clock });
  await deployment.close();
  const cadence = report.results.find(({ id }) => id === 'heartbeat.cadence');
  return { green: notGreen(report), cadence, verdict: report.verdict };
}

describe('heartbeat.cadence', () => {
  it('waits for the next heartbeat of every instance, and ends with it', async () => {
    const { green, cadence } = await watched([
      [10, ({ beat }) => beat('asr-1')],
      [27, ({ beat }) => beat('asr-2')],
    ]);
    expect(green).toEqual({});
    expect(cadence?.seen).toMatch(/asr-1 after 1\d\.\d s, .*asr-2 after [23]\d\.\d s$/);
    expect(cadence?.duration_ms).toBeGreaterThan(27_000);
    expect(cadence?.duration_ms).toBeLessThan(36_000);
  });

  it('finds the one that stopped, when 30 s and the tolerance are over', async () => {
    const { cadence } = await watched([[10, ({ beat }) => beat('asr-1')]]);
    expect(cadence?.findings.map(({ code, seen }) => `${code}: ${seen}`)).toEqual([
      expect.stringMatching(/^BEAT_STOPPED: .*asr-2 has sent no heartbeat for 3[5-9] s, .* every 30 s$/),
    ]);
    expect(cadence?.duration_ms).toBeLessThan(40_000);
  });

  it('asks rarely until a heartbeat is due, and takes no harm from an answer that got lost', async () => {
    let looks = 0;
    let lose = false;
    const { green } = await watched(
      [
        [
          5,
          async () => {
            looks = 0;
            lose = true;
          },
        ],
        [27, ({ beat }) => Promise.all([beat('asr-1'), beat('asr-2')])],
      ],
      async ({ env, owns }) => {
        const registry = env.REGISTRY_URL ?? '';
        const gateway = await startInstrument(async (request, response) => {
          looks += 1;
          const lost = lose;
          lose = false;
          send(response, lost ? CRASHED : await forward(request, registry));
        });
        owns(gateway);
        env.REGISTRY_URL = gateway.url;
      },
    );
    expect(green).toEqual({});
    expect(lose).toBe(false);
    expect(looks).toBeGreaterThan(1);
    expect(looks).toBeLessThan(9);
  });

  it('is blocked, and the run unknown, where the registry stops answering meanwhile', async () => {
    let lost = false;
    const stop = async () => {
      lost = true;
    };
    const { cadence, verdict } = await watched([[5, stop]], async ({ env, owns }) => {
      const registry = env.REGISTRY_URL ?? '';
      const gateway = await startInstrument(async (request, response) =>
        send(response, lost ? CRASHED : await forward(request, registry)),
      );
      owns(gateway);
      env.REGISTRY_URL = gateway.url;
    });
    expect(cadence?.skip).toMatchObject({ kind: 'blocked', by: 'registry.reachable' });
    expect(verdict).toBe('unknown');
  });

  it('waits for no one that was taken out meanwhile', async () => {
    const { cadence } = await watched([
      [2, ({ deregister }) => Promise.all([deregister('asr-1'), deregister('asr-2')])],
    ]);
    expect(cadence?.skip).toEqual({ kind: 'not-applicable', why: 'its instances were taken out meanwhile' });
  });
});
