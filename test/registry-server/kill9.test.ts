import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startServe } from '../support/serve-process.js';
import { get, post } from '../support/start-registry.js';

const REGISTRATIONS = 1000;
const AT_ONCE = 100;
/** Two processes, and a thousand commits: slow machines need a while. */
const PATIENCE_MS = 90_000;

/** Registers `asr-<round>-<i>`, and deregisters every tenth again, until the registry is gone. */
async function registerUntilKilled(url: string, round: number, onAnswer: (answers: number) => void) {
  const registered = new Set<string>();
  const deregistered = new Set<string>();
  const registry = `${url}/api/v1/registry`;
  let next = 0;
  let answers = 0;
  const one = async (id: string): Promise<void> => {
    const made = await post(`${registry}/register`, {
      service_name: 'asr',
      service_url: `http://${id}:8000`,
      service_metadata: { instance_id: id, status: 'healthy' },
    });
    expect(made.status).toBe(201);
    registered.add(id);
    answers += 1;
    onAnswer(answers);
    if (!id.endsWith('0')) return;
    // From here on it may be there or not, until the answer says that it is not.
    registered.delete(id);
    await post(`${registry}/deregister?service_name=asr&instance_id=${id}`);
    deregistered.add(id);
  };
  const worker = async (): Promise<void> => {
    while (next < REGISTRATIONS) {
      const id = `asr-${round}-${next++}`;
      try {
        await one(id);
      } catch (error) {
        // The connection broke: nobody was told anything.
        if (!(error instanceof TypeError)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { registered, deregistered };
}

test.each([5, 600])(
  'kill -9 after %i of 1,000 registrations loses none that was acknowledged',
  async (limit) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'regctl-kill9-'));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const first = await startServe(dataDir);
    const { registered, deregistered } = await registerUntilKilled(first.url, limit, (answers) => {
      if (answers >= limit) first.child.kill('SIGKILL');
    });
    if (first.child.signalCode === null) await once(first.child, 'exit');
    expect(first.child.signalCode).toBe('SIGKILL');
    expect(registered.size + deregistered.size).toBeLessThan(REGISTRATIONS);

    const second = await startServe(dataDir);
    const rows = (await get(`${second.url}/api/v1/registry/services/asr`)).body;
    const kept = new Set(rows.map(({ instance_id }) => String(instance_id)));
    expect([...registered].filter((id) => !kept.has(id))).toEqual([]);
    expect([...deregistered].filter((id) => kept.has(id))).toEqual([]);
    expect(rows.every(({ instance_id, service_url }) => service_url === `http://${instance_id}:8000`)).toBe(
      true,
    );
  },
  PATIENCE_MS,
);
