// Faults that turn doctor.*: of the run itself.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deployment } from '../deployment.js';
import type { Fault } from './fault.js';

export const DOCTOR: readonly Fault[] = [
  {
    name: 'a waiver is over',
    break: (deployment) => waive(deployment, { id: 'health.*', expires: '2020-02-29' }),
    expect: { 'doctor.waivers': 'WAIVER_EXPIRED' },
  },
  {
    name: 'a waiver waives nothing any more',
    break: (deployment) => waive(deployment, { id: 'health.*', expires: '9999-12-31' }),
    expect: { 'doctor.waivers': 'WAIVER_UNMATCHED' },
  },
];

async function waive({ folder, input }: Deployment, what: { id: string; expires: string }): Promise<void> {
  input.waivers = join(folder, 'waivers.json');
  const waiver = { ...what, owner: 'platform', reason: 'known' };
  await writeFile(input.waivers, JSON.stringify({ waivers: [waiver] }));
}
