// Where most of a service is lost at once, nothing of it is evicted until it is back, or an operator lets go.
import { describe, expect, test } from 'vitest';
import type { Transition } from '../../src/registry-server/registration.js';
import { DEFAULT_TIMINGS } from '../../src/registry-server/settings.js';
import { signHs256 } from '../support/hs256.js';
import { runCli } from '../support/run-cli.js';
import { eventually, get, post, startTestRegistry } from '../support/start-registry.js';
import { Life, SECOND } from './life.js';

const HOUR = 3600 * SECOND;

/** A service of which all beat. */
function service(size: number, life = new Life()): { life: Life; ids: string[] } {
  const ids = Array.from({ length: size }, (_, i) => `asr-${i}`);
  for (const id of ids) {
    life.register(id);
    life.beat(id);
  }
  return { life, ids };
}

/** Time passes in which these beat, and the others do not. */
function go(life: Life, beating: readonly string[], ms: number): Transition[] {
  const seen: Transition[] = [];
  for (let passed = 0; passed < ms; passed += 30 * SECOND) {
    for (const id of beating) seen.push(...life.beat(id));
    seen.push(...life.pass(Math.min(30 * SECOND, ms - passed)));
  }
  return seen;
}

const states = (life: Life, ids: readonly string[]) => ids.map((id) => life.state(id));
const causes = (transitions: readonly Transition[]) => transitions.map(({ audit }) => audit.cause);
const held = (life: Life) => [...life.directory.held()];

describe('a service of which more than half is lost within a lease', () => {
  test('is not evicted: its instances are down, listed, and not handed out', () => {
    const { life, ids } = service(5);
    const seen = go(life, ids.slice(3), HOUR);
    expect(states(life, ids)).toEqual(['down', 'down', 'down', 'healthy', 'healthy']);
    expect(life.directory.catalog.service('asr')?.healthy).toHaveLength(2);
    expect(held(life)).toEqual([{ service: 'asr', instances: 3 }]);
    expect(seen.filter(({ audit }) => audit.cause === 'evictions-held')).toMatchObject([
      { audit: { id: '', detail: '3 of 5 instances give no sign of life', to: null } },
    ]);
  });

  test('also where they are lost one after the other', () => {
    const { life, ids } = service(4);
    go(life, ids.slice(1), 40 * SECOND);
    go(life, ids.slice(2), 40 * SECOND);
    go(life, ids.slice(3), HOUR);
    expect(states(life, ids)).toEqual(['down', 'down', 'down', 'healthy']);
  });

  test('is evicted again once most are back: what stays away then goes', () => {
    const { life, ids } = service(5);
    go(life, [], HOUR);
    expect(causes(go(life, ids.slice(0, 2), HOUR))).not.toContain('evicted');
    const back = go(life, ids.slice(0, 3), HOUR);
    expect(causes(back)).toEqual(['heartbeat', 'evictions-released', 'evicted', 'evicted']);
    expect(states(life, ids)).toEqual(['healthy', 'healthy', 'healthy', 'gone', 'gone']);
    expect(held(life)).toEqual([]);
  });

  test('is evicted where an operator lets go, each when its time is over; what is lost later is held again', () => {
    const { life, ids } = service(4);
    go(life, [], 200 * SECOND);
    expect(life.directory.release('asr', 'service:42', life.at)).toMatchObject([
      { audit: { cause: 'evictions-released', actor: 'service:42', detail: '4 instances are let go' } },
    ]);
    go(life, [], 200 * SECOND);
    expect(states(life, ids)).toEqual(['down', 'down', 'down', 'down']);
    go(life, [], DEFAULT_TIMINGS.evictAfterMs);
    expect(states(life, ids)).toEqual(['gone', 'gone', 'gone', 'gone']);

    service(3, life);
    go(life, [], HOUR);
    expect(held(life)).toEqual([{ service: 'asr', instances: 3 }]);
  });

  test('is held over a restart', () => {
    const { life, ids } = service(3);
    go(life, [], HOUR);
    const registrations = ids.map((id) => life.instance(id).registration);
    const after = new Life();
    after.directory.load({ registrations, tombstones: [], revisionFloor: 0 }, after.at);
    go(after, [], HOUR);
    expect(states(after, ids)).toEqual(['down', 'down', 'down']);
  });

  test('is evicted where the guard is off', () => {
    const { life, ids } = service(5, new Life(() => 0.5, { timings: { expiryGuard: false } }));
    go(life, [], HOUR);
    expect(states(life, ids)).toEqual(ids.map(() => 'gone'));
    expect(held(life)).toEqual([]);
  });

  test('because their health checks fail is not evicted either', () => {
    const life = new Life();
    const ids = ['a', 'b', 'c'];
    for (const id of ids) life.register(id, { healthUrl: `http://${id}:80/health` });
    life.check(null);
    for (let hours = 0; hours < 30; hours += 1) {
      life.pass(HOUR);
      life.check('refused');
    }
    expect(states(life, ids)).toEqual(['unhealthy', 'unhealthy', 'unhealthy']);
    expect(held(life)).toEqual([{ service: 'asr', instances: 3 }]);
    life.directory.release('asr', 'registry', life.at);
    life.pass(10 * SECOND);
    expect(states(life, ids)).toEqual(['gone', 'gone', 'gone']);
  });
});

describe('what is lost otherwise is evicted', () => {
  test('half of a service', () => {
    const { life, ids } = service(6);
    go(life, ids.slice(3), HOUR);
    expect(states(life, ids.slice(0, 3))).toEqual(['gone', 'gone', 'gone']);
  });

  test('a service of one or two', () => {
    const { life, ids } = service(2);
    go(life, [], HOUR);
    expect(states(life, ids)).toEqual(['gone', 'gone']);
  });

  test('most of a service over a longer time than a lease', () => {
    const { life, ids } = service(4);
    go(life, ids.slice(1), 300 * SECOND);
    go(life, ids.slice(2), 300 * SECOND);
    go(life, ids.slice(3), HOUR);
    expect(states(life, ids)).toEqual(['gone', 'gone', 'gone', 'healthy']);
  });
});

test('a replica learns that an operator let go at another, and shows what it does not keep', () => {
  const other = new Life(() => 0.5, { keeps: () => false });
  service(3, other);
  expect(causes(other.pass(200 * SECOND))).toEqual([]);
  expect(held(other)).toEqual([{ service: 'asr', instances: 3 }]);
  other.learn([{ kind: 'released', service: 'asr' }]);
  expect(held(other)).toEqual([]);
});

describe('over HTTP', () => {
  const timings = { downAfterMs: 1000, evictAfterMs: 1500 };
  const RELEASE = '/api/v1/registry/services/asr/release-evictions';
  const HELD = { evictions_held: true, held_instances: 3, total_instances: 3 };

  async function lost(url: string, headers: Record<string, string> = {}): Promise<void> {
    for (const instance_id of ['asr-1', 'asr-2', 'asr-3']) {
      await post(
        `${url}/register`,
        { service_id: 42, service_name: 'asr', url: 'http://asr', instance_id },
        headers,
      );
    }
    for (const instance_id of ['asr-1', 'asr-2', 'asr-3']) {
      await post(`${url}/heartbeat`, { service_id: 42, instance_id }, headers);
    }
    await eventually(
      () => get(`${url}/health`),
      ({ body }) => body.held !== undefined,
    );
  }

  test('what is held is on /health, in the rows and in list, until it is let go', async () => {
    const { url } = await startTestRegistry({ timings });
    await lost(url);
    expect((await get(`${url}/health`)).body).toMatchObject({
      status: 'healthy',
      held: ['asr'],
      held_services: 1,
    });
    for (const path of ['/services', '/api/v1/registry/services']) {
      expect((await get(`${url}${path}`)).body, path).toMatchObject([HELD]);
    }
    const [table, described, json] = await Promise.all([
      runCli(['list'], { env: { CONFIG_SERVICE_URL: url } }),
      runCli(['describe', 'asr'], { env: { CONFIG_SERVICE_URL: url } }),
      runCli(['list', '--json'], { env: { CONFIG_SERVICE_URL: url } }),
    ]);
    for (const { stdout } of [table, described]) {
      expect(stdout).toContain('lost at once');
      expect(stdout).toContain('asr (3)');
      expect(stdout).toContain('services/asr/release-evictions');
    }
    expect(JSON.parse(json.stdout)).toMatchObject([{ service_name: 'asr', held_instances: 3 }]);

    const released = await post(`${url}${RELEASE}`);
    expect([released.status, released.body]).toEqual([200, { service_name: 'asr', released_instances: 3 }]);
    await eventually(
      () => get(`${url}/services`),
      ({ body }) => body.length === 0,
    );
    expect((await get(`${url}/health`)).body.held).toBeUndefined();
    expect((await post(`${url}${RELEASE}`)).status).toBe(404);
    const trail = await eventually(
      () => get(`${url}/api/v1/registry/audit?service=asr`),
      ({ body }) => body.some(({ cause }) => cause === 'evicted'),
    );
    const notes = trail.body.filter(({ instance_id }) => instance_id === '');
    expect(notes).toMatchObject([
      { cause: 'evictions-held', actor: 'registry' },
      { cause: 'evictions-released', actor: '127.0.0.1' },
    ]);
  });

  test('only the owner of the name lets go', async () => {
    const secret = 'a secret of more than thirty-two bytes';
    const bearer = (service_id: number) => ({ authorization: `Bearer ${signHs256({ service_id }, secret)}` });
    const { url } = await startTestRegistry({ timings, auth: 'jwt', secret });
    await lost(url, bearer(42));
    const answers = [
      await post(`${url}${RELEASE}`),
      await post(`${url}${RELEASE}`, undefined, bearer(43)),
      await post(`${url}${RELEASE}`, undefined, bearer(42)),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 403, 200]);
  });
});
