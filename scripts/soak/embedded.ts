// One registry over SQLite, that is killed, stopped, ended in order, and told another time of day.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RegistryProcess, startProcess } from '../../test/faults/processes.js';
import { FAST, FAST_TIMINGS } from '../../test/faults/stage.js';
import type { Deployment } from './deployment.js';

const HOUR_MS = 3_600_000;

export async function openEmbedded(): Promise<Deployment> {
  const dataDir = await mkdtemp(join(tmpdir(), 'regctl-soak-'));
  const start = (): Promise<RegistryProcess> =>
    startProcess('registry', {
      port: 0,
      timings: FAST_TIMINGS,
      logLevel: 'silent',
      store: { kind: 'sqlite', dataDir },
    });
  let registry = await start();
  return {
    get targets() {
      return [registry];
    },
    get pids() {
      return [registry.pid];
    },
    rules: { leaseMs: 90_000 / FAST, sweepMs: 2500, evictAfterMs: 600_000 / FAST, lagMs: 0 },
    faults: [
      {
        name: 'SIGKILL',
        async run(circumstances, random) {
          await sleep(random() * 500);
          await registry.kill();
          await sleep(random() * 1000);
          registry = await start();
          circumstances.renewed();
        },
      },
      {
        name: 'SIGTERM and a new start',
        async run(circumstances) {
          const { code } = await registry.terminate();
          if (code !== 0) throw new Error(`SIGTERM ended it with ${code}`);
          registry = await start();
          circumstances.renewed();
        },
      },
      {
        name: 'SIGSTOP',
        run: (circumstances, random) =>
          circumstances.standstill(async () => {
            await registry.stop();
            await sleep(1000 + random() * 4000);
            registry.go();
          }),
      },
      {
        name: 'wall clock set',
        async run(_circumstances, random) {
          registry.setWall((random() * 2 - 1) * HOUR_MS);
          await sleep(1000);
        },
      },
    ],
    async close() {
      if (registry.isRunning) await registry.kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
