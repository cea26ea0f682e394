// The engines of a run: started once, for all files that are run beside each other.
import { startEngines, withoutEngines } from '../support/cluster.js';
import type { EngineName } from '../support/engines.js';

const VARIABLE = 'REGCTL_FAULTS_ENGINES';

/** Where an engine is reached; who starts and ends it is another process. */
export type Ports = Readonly<Record<EngineName, { readonly port: number; readonly address: string }>>;

export default async function setup(): Promise<() => Promise<void>> {
  if (withoutEngines) return async () => undefined;
  const { close, zookeeper, postgres, redis } = await startEngines();
  const addressOf = ({ port, address }: Ports['redis']) => ({ port, address });
  const ports: Ports = {
    zookeeper: addressOf(zookeeper),
    postgres: addressOf(postgres),
    redis: addressOf(redis),
  };
  process.env[VARIABLE] = JSON.stringify(ports);
  return close;
}

/** Undefined where they are not installed. */
export function enginesOfRun(): Ports | undefined {
  const text = process.env[VARIABLE];
  return text === undefined ? undefined : (JSON.parse(text) as Ports);
}
