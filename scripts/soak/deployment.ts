// What is soaked: registries in processes of their own, and what can happen to them.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../../test/faults/client.js';
import type { Rules, Stretch } from '../../test/faults/model.js';
import type { Random } from './random.js';

/** What the faults of a lap did, as far as the model has to know. */
export class Circumstances {
  readonly standstills: Stretch[] = [];
  readonly apart: Stretch[] = [];
  readonly renewals: number[] = [];

  /** Leases do not run while `act` does. */
  async standstill(act: () => Promise<void>): Promise<void> {
    const stretch = { from: performance.now(), to: Number.POSITIVE_INFINITY };
    this.standstills.push(stretch);
    await act();
    stretch.to = performance.now();
  }

  /** Nor can replicas tell each other anything. */
  cutApart(act: () => Promise<void>): Promise<void> {
    return this.standstill(async () => {
      const stretch = { from: performance.now(), to: Number.POSITIVE_INFINITY };
      this.apart.push(stretch);
      await act();
      stretch.to = performance.now();
    });
  }

  /** Every lease began anew. */
  renewed(): void {
    this.renewals.push(performance.now());
  }
}

export interface SoakFault {
  /** As the summary counts it. */
  readonly name: string;
  /** Brings it about and ends it; throws where what follows cannot be. */
  run(circumstances: Circumstances, random: Random): Promise<void>;
}

export interface Deployment {
  /** They may be others after a fault: a registry that starts anew has a new port. */
  readonly targets: readonly Target[];
  readonly faults: readonly SoakFault[];
  readonly rules: Pick<Rules, 'leaseMs' | 'sweepMs' | 'evictAfterMs' | 'lagMs'>;
  /** Processes whose memory counts. */
  readonly pids: readonly number[];
  close(): Promise<void>;
}

const PATIENCE_MS = 30_000;

/** Resolves when each of them says that all is well with it; throws where one does not. */
export async function allWell(targets: readonly Target[]): Promise<void> {
  for (const { name, url } of targets) {
    let said = '';
    for (const deadline = performance.now() + PATIENCE_MS; ; await sleep(50)) {
      said = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) }).then(
        (answer) => answer.text(),
        String,
      );
      if (said.includes('"status":"healthy"') && !said.includes('"unhealthy"')) break;
      if (performance.now() > deadline) throw new Error(`${name} does not recover: ${said}`);
    }
  }
}
