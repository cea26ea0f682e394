// Ten thousand services, all at once.
import { Client, type Target } from '../client.js';
import type { Fault } from '../fault.js';
import type { Stage } from '../stage.js';

const SERVICES = 10_000;

/** Registers and beats 10,000 services at once, twice; throws where one is refused, missing or not healthy. */
export async function crowd(stage: Stage, targets: readonly Target[]): Promise<void> {
  const client = new Client(stage.history);
  stage.onEnd(async () => client.close());
  const all = Array.from({ length: SERVICES }, (_, n) => `crowd-${n}`);
  const turn = (n: number): Target => targets[n % targets.length] as Target;
  const changes = await Promise.all(
    all.map((service, n) => client.register(turn(n), service, 'one', `http://${service}:8000`, {})),
  );
  const refused = changes.find(({ outcome }) => outcome !== 'done');
  if (refused !== undefined) throw new Error(`${refused.service}: ${refused.status} ${refused.detail}`);
  for (let round = 1; round <= 2; round += 1) {
    const beats = await Promise.all(all.map((service, n) => client.beat(turn(n + round), service, 'one')));
    const lost = beats.findIndex((status) => status !== 200);
    if (lost >= 0) throw new Error(`the heartbeat of ${all[lost]} was answered ${beats[lost]}`);
  }
  for (const target of targets) {
    await stage.eventually(
      async () => {
        const { body } = await client.get(target, '/api/v1/registry/services');
        const rows = (body as { service_name: string; healthy_instances: number }[]).filter(
          ({ service_name }) => service_name.startsWith('crowd-'),
        );
        return [rows.length, rows.filter(({ healthy_instances }) => healthy_instances !== 1).length];
      },
      ([there, unhealthy]) => there === SERVICES && unhealthy === 0,
      `not all of them are there and healthy at ${target.name}`,
    );
  }
}

export const CROWD: readonly Fault[] = [
  {
    name: '10,000 services register and beat at once',
    mode: 'embedded',
    promise:
      'Every registration is acknowledged, every heartbeat counts, and nobody else loses a lease to it.',
    async run(stage) {
      stage.rule({ leaseMs: 90_000, evictAfterMs: 600_000 });
      const registry = await stage.registry({ timings: {} });
      await stage.load({ beatEveryMs: 30_000 / 4, paceMs: 100 });
      await stage.during(() => crowd(stage, [registry]));
      await stage.check();
      return 'All 10,000 were registered, beat twice and were healthy; those that beat beside them were never down.';
    },
  },
];
