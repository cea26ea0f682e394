// What a terminal shows while the doctor runs.
import { expect, it } from 'vitest';
import { cadence } from '../../src/doctor/checks/heartbeat.js';
import { progress } from '../../src/operations/doctor-progress.js';

it('what watches on when all else is done is said with its reason and the way without, in 80 columns', () => {
  const shown: string[] = [];
  const observe = progress({
    services: 1,
    foreseeable: true,
    watchers: new Map([[cadence.id, cadence.title]]),
    now: () => 0,
    show: (line) => shown.push(line),
  });
  observe({ kind: 'started', id: cadence.id, service: 'asr-service' });
  observe({ kind: 'started', id: 'registry.api', service: null });
  expect(shown).toEqual([
    'Still watching heartbeat.cadence: A heartbeat comes every 30 s (or --skip it)',
    'Examining, waiting for registry.api',
  ]);
  for (const line of shown) expect(line.length).toBeLessThanOrEqual(78);
});
