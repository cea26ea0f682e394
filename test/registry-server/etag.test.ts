// Conditional requests: a list that did not change is not sent again.
import { expect, test } from 'vitest';
import { post, startTestRegistry } from '../support/start-registry.js';

const PREFIX = '/api/v1/registry';
const LISTS = [`${PREFIX}/services`, `${PREFIX}/services/asr`, '/services'];

async function register(url: string, id: string): Promise<void> {
  const service_metadata = { instance_id: id, status: 'healthy' };
  await post(`${url}${PREFIX}/register`, {
    service_name: 'asr',
    service_url: `http://${id}:8000`,
    service_metadata,
  });
}

async function ask(url: string, tag?: string) {
  const answer = await fetch(url, { headers: tag === undefined ? {} : { 'if-none-match': tag } });
  return { status: answer.status, tag: answer.headers.get('etag') ?? '', text: await answer.text() };
}

test.each(LISTS)('%s is 304 until something changes', async (path) => {
  const { url } = await startTestRegistry();
  await register(url, 'asr-1');
  const first = await ask(url + path);
  expect(first).toMatchObject({ status: 200, tag: expect.stringMatching(/^W\/"[^"]+"$/) });
  expect(await ask(url + path, first.tag)).toEqual({ status: 304, tag: first.tag, text: '' });
  expect((await ask(url + path, `"other", ${first.tag.slice(2)}`)).status).toBe(304);

  await register(url, 'asr-2');
  const second = await ask(url + path, first.tag);
  expect(second.status).toBe(200);
  expect(second.tag).not.toBe(first.tag);

  await post(`${url}${PREFIX}/deregister?service_name=asr&instance_id=asr-2`);
  expect(await ask(url + path, second.tag)).toMatchObject({ status: 200, text: first.text });
});

test('a heartbeat that changes no state leaves the list as it was known', async () => {
  const { url } = await startTestRegistry();
  await register(url, 'asr-1');
  const beat = () => post(`${url}${PREFIX}/heartbeat`, { service_name: 'asr', instance_id: 'asr-1' });
  await beat();
  const { tag } = await ask(`${url}${PREFIX}/services/asr`);
  await beat();
  expect((await ask(`${url}${PREFIX}/services/asr`, tag)).status).toBe(304);
});

test('another run of the registry takes no tag of this one', async () => {
  const [one, other] = await Promise.all([startTestRegistry(), startTestRegistry()]);
  for (const { url } of [one, other]) await register(url, 'asr-1');
  const { tag } = await ask(`${one.url}/services`);
  expect((await ask(`${other.url}/services`, tag)).status).toBe(200);
});
