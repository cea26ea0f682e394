// The process behind catalog.ts: regctl's own registry with many services, none of which listens.
import { startRegistry } from '../src/registry-server/server.js';

const services = Number(process.argv[2]);
const AT_ONCE = 64;

// Nothing of it outlives the benchmark.
process.on('disconnect', () => process.exit());

const { url } = await startRegistry({ port: 0, store: { kind: 'memory' }, rateLimit: null });

async function register(index: number): Promise<void> {
  const name = `service-${String(index).padStart(6, '0')}`;
  const answer = await fetch(`${url}/api/v1/registry/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      service_name: name,
      service_url: `http://${name}:8090`,
      service_metadata: { instance_id: `${name}-1`, status: 'healthy', version: '1.0.0' },
    }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

let next = 0;
const worker = async () => {
  while (next < services) await register(next++);
};
await Promise.all(Array.from({ length: AT_ONCE }, worker));
process.send?.(url);
