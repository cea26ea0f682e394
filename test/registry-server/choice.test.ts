import { describe, expect, test } from 'vitest';
import { choose } from '../../src/registry-server/choice.js';
import { get, post, startTestRegistry } from '../support/start-registry.js';
import { Life } from './life.js';

function healthy(weights: Record<string, unknown>) {
  const life = new Life();
  for (const [id, weight] of Object.entries(weights)) {
    life.register(id, { url: `http://${id}:80`, metadata: { status: 'healthy', weight } });
  }
  return life.directory.catalog.service('asr')?.healthy ?? [];
}

/** How often each is chosen in 1,000 even draws. */
function draw(weights: Record<string, unknown>, exclude: string[] = []): Record<string, number> {
  const counts: Record<string, number> = {};
  const candidates = healthy(weights);
  for (let i = 0; i < 1000; i += 1) {
    const id = choose(candidates, exclude, () => i / 1000)?.registration.id ?? 'nobody';
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

describe('choosing among the healthy', () => {
  test('follows the weights of the metadata, numbers or texts; what is no weight counts as 1', () => {
    expect(draw({ a: 3, b: '1' })).toEqual({ a: 750, b: 250 });
    expect(draw({ a: 'much', b: -1 })).toEqual({ a: 500, b: 500 });
    expect(draw({ a: 1e308, b: 1000 })).toEqual({ a: 500, b: 500 });
  });

  test('leaves weight 0 for when there is nothing else', () => {
    expect(draw({ a: 0, b: 1 })).toEqual({ b: 1000 });
    expect(draw({ a: 0, b: 0 })).toEqual({ a: 500, b: 500 });
  });

  test('passes over what just failed the caller, by id or by URL', () => {
    expect(draw({ a: 1, b: 1, c: 1 }, ['a', 'http://b:80/'])).toEqual({ c: 1000 });
    expect(draw({ a: 1 }, ['a'])).toEqual({ nobody: 1000 });
  });
});

describe.each(['/api/v1/registry/services/asr/url', '/services/asr'])('GET %s', (path) => {
  /** A registry with instances of these metadata; `http://<id>:80` is the address of each. */
  async function registry(instances: Record<string, Record<string, unknown>>): Promise<string> {
    const { url } = await startTestRegistry();
    for (const [id, metadata] of Object.entries(instances)) await register(url, id, metadata);
    return url;
  }

  async function register(url: string, instance_id: string, metadata: object): Promise<void> {
    const body = {
      service_id: 42,
      service_name: 'asr',
      url: `http://${instance_id}:80`,
      instance_id,
      metadata,
    };
    expect((await post(`${url}/register`, body)).status).toBe(201);
    expect((await post(`${url}/heartbeat`, { service_id: 42, instance_id })).status).toBe(200);
  }

  /** Where 20 callers are sent. */
  async function sent(url: string, query = ''): Promise<string[]> {
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(`${url}${path}${query}`)));
    return [
      ...new Set(answers.map(({ status, body }) => (status === 200 ? String(body.url) : String(status)))),
    ];
  }

  test('sends callers by weight, and past what just failed them', async () => {
    const url = await registry({ a: { weight: 0 }, b: { weight: '2' }, c: { weight: 0 } });
    expect(await sent(url)).toEqual(['http://b:80']);
    expect(await sent(url, '?exclude=b&exclude=http://c:80/')).toEqual(['http://a:80']);
    expect(await sent(url, '?exclude=a&exclude=b&exclude=c')).toEqual(['404']);
  });

  test('sends nobody to an instance that drains, although it beats', async () => {
    const url = await registry({ a: { status: 'draining' }, b: { status: 'stopping' }, c: {} });
    expect(await sent(url)).toEqual(['http://c:80']);
    await register(url, 'c', { status: 'draining' });
    expect(await sent(url)).toEqual(['404']);
    const { body } = await get(`${url}/api/v1/registry/discover/asr`);
    expect(body).toEqual([]);
    expect((await get(`${url}/api/v1/registry/services/asr`)).body).toMatchObject(
      ['a', 'b', 'c'].map((instance_id) => ({ instance_id, state: 'draining', status: 'stopping' })),
    );
  });
});
