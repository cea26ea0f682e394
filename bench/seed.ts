// Registrations by the thousand: over HTTP one each, or into the database by the store's own code.
import { keyOf, type Registration } from '../src/registry-server/registration.js';
import { openDataDir } from '../src/registry-server/store/data-dir.js';

/** Instance `n` of the benchmarks, which is of one of so many services. */
export interface Named {
  readonly service: string;
  readonly id: string;
}

export const nameOf = (n: number, services: number): Named => ({
  service: `service-${String(n % services).padStart(6, '0')}`,
  id: `instance-${String(n).padStart(9, '0')}`,
});

/** What registers instance `n`, without a health check: nothing of the benchmarks listens. */
export function registrationBody(n: number, services: number): string {
  const { service, id } = nameOf(n, services);
  return JSON.stringify({
    service_name: service,
    service_url: `http://${id}:8000`,
    service_metadata: { instance_id: id, status: 'healthy' },
  });
}

/** A Lua expression that gives the text as it is for instance `n`, of what `of` gives for instance 0. */
export function luaOf(of: (n: number, services: number) => string, services: number): string {
  const { service, id } = nameOf(0, services);
  const quoted = (text: string) => `'${text}'`;
  return of(0, services)
    .split(new RegExp(`(${service}|${id})`))
    .map((part) => {
      if (part === service) return `string.format('service-%06d', n % ${services})`;
      return part === id ? `string.format('instance-%09d', n)` : quoted(part);
    })
    .join(' .. ');
}

export interface Seed {
  readonly instances: number;
  readonly services: number;
  /** They have sent heartbeats. */
  readonly beats: boolean;
}

/** Rows of one commit. */
const BATCH = 20_000;

/** Writes what the registrations would have left in the database. */
export async function seed(dataDir: string, { instances, services, beats }: Seed): Promise<void> {
  const store = await openDataDir(dataDir);
  const at = new Date().toISOString();
  for (let from = 0; from < instances; from += BATCH) {
    const puts: Registration[] = [];
    for (let n = from; n < Math.min(instances, from + BATCH); n += 1) {
      const { service, id } = nameOf(n, services);
      puts.push({
        service,
        id,
        url: `http://${id}:8000`,
        healthUrl: null,
        metadata: { instance_id: id, status: 'healthy' },
        declared: 'healthy',
        serviceId: null,
        owner: null,
        registeredFrom: '127.0.0.1',
        registeredAt: at,
        incarnation: 1,
        revision: Math.floor(n / services) + 1,
        state: 'healthy',
        beats,
      });
    }
    const [{ service, id, revision }] = puts.slice(-1) as [Registration];
    const actor = '127.0.0.1';
    // One entry a batch: the trail is bounded, and read back by nobody.
    const audit = {
      service,
      id,
      revision,
      at,
      actor,
      cause: 'registered',
      from: null,
      to: 'healthy',
      detail: null,
    } as const;
    await store.commit(() => ({ puts, removes: [], audit: [{ ...audit, entry: keyOf(service, id) }] }));
  }
  await store.close();
}
