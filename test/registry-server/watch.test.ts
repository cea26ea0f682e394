// GET /api/v1/registry/watch: every change, as it happens, and what was missed.
import http from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { WatchFeed } from '../../src/registry-server/watch-feed.js';
import { eventually, get, post, startTestRegistry } from '../support/start-registry.js';
import { Life } from './life.js';

const PREFIX = '/api/v1/registry';

interface Event {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: { service_name?: string; revision?: number; instances?: { instance_id: string }[] };
}

interface Stream {
  /** The next events up to the one that says all is told; throws where the registry ended the stream. */
  batch(): Promise<Event[]>;
  cut(): void;
}

/** Opens a stream; its connection is cut with the test. */
async function watch(url: string, lastEventId?: string): Promise<Stream> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const request = http.get(url, { headers, agent: false });
  onTestFinished(() => void request.destroy());
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/event-stream']);
  const events = eventsOf(response.setEncoding('utf8'));
  return {
    async batch() {
      const batch: Event[] = [];
      for (;;) {
        const { value } = await events.next();
        if (value === undefined) throw new Error('the stream ended');
        batch.push(value);
        if (value.event === 'synced') return batch;
      }
    },
    cut: () => void request.destroy(),
  };
}

async function* eventsOf(stream: AsyncIterable<string>): AsyncGenerator<Event> {
  let text = '';
  for await (const chunk of stream) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => line.split(/: (.*)/s, 2) as [string, string]),
      );
      text = text.slice(end + 2);
      const data = JSON.parse(fields.get('data') ?? '{}');
      if (fields.has('event')) yield { event: fields.get('event') ?? '', id: fields.get('id'), data };
    }
  }
}

const ids = (batch: Event[]) =>
  Object.fromEntries(
    batch
      .filter(({ event }) => event === 'service')
      .map(({ data }) => [data.service_name, data.instances?.map(({ instance_id }) => instance_id)]),
  );

function register(url: string, service: string, id: string) {
  const service_metadata = { instance_id: id, status: 'healthy' };
  const body = { service_name: service, service_url: `http://${id}:8000`, service_metadata };
  return post(`${url}${PREFIX}/register`, body);
}

const deregister = (url: string, service: string, id: string) =>
  post(`${url}${PREFIX}/deregister?service_name=${service}&instance_id=${id}`);

test('tells what is there, and every change from then on', async () => {
  const { url } = await startTestRegistry();
  await register(url, 'asr', 'asr-1');
  const stream = await watch(`${url}${PREFIX}/watch`);
  expect(ids(await stream.batch())).toEqual({ asr: ['asr-1'] });
  await register(url, 'nmt', 'nmt-1');
  expect(ids(await stream.batch())).toEqual({ nmt: ['nmt-1'] });
  await deregister(url, 'asr', 'asr-1');
  expect(ids(await stream.batch())).toEqual({ asr: [] });
});

test('tells of the services that were asked for alone, also before they are there', async () => {
  const { url } = await startTestRegistry();
  const stream = await watch(`${url}${PREFIX}/watch?service=asr&service=nmt`);
  expect(ids(await stream.batch())).toEqual({ asr: [], nmt: [] });
  await register(url, 'tts', 'tts-1');
  await register(url, 'nmt', 'nmt-1');
  expect(ids(await stream.batch())).toEqual({ nmt: ['nmt-1'] });
});

test('goes on without a gap from the last event seen, whatever happened in between', async () => {
  const { url } = await startTestRegistry();
  await register(url, 'asr', 'asr-1');
  await register(url, 'tts', 'tts-1');
  const first = await watch(`${url}${PREFIX}/watch`);
  const lastId = (await first.batch()).at(-1)?.id;
  first.cut();
  await register(url, 'nmt', 'nmt-1');
  await deregister(url, 'asr', 'asr-1');
  const second = await watch(`${url}${PREFIX}/watch`, lastId);
  const missed = await second.batch();
  expect(ids(missed)).toEqual({ nmt: ['nmt-1'], asr: [] });
  const third = await watch(`${url}${PREFIX}/watch`, missed.at(-1)?.id);
  expect(ids(await third.batch())).toEqual({});
});

test('tells changes that come together in one event a service, with its latest revision', async () => {
  const { url } = await startTestRegistry();
  const stream = await watch(`${url}${PREFIX}/watch`);
  await stream.batch();
  await Promise.all(Array.from({ length: 200 }, (_, n) => register(url, 'asr', `asr-${n}`)));
  let told = 0;
  let revision = 0;
  while (revision < 200) {
    const [event] = await stream.batch();
    told += 1;
    expect(event?.data.revision).toBeGreaterThan(revision);
    revision = event?.data.revision ?? 0;
  }
  expect(told).toBeLessThan(100);
});

test('one that does not keep up is told once, and then what is true by then', async () => {
  const life = new Life();
  const feed = new WatchFeed(life.directory.catalog, 'run');
  const told: string[] = [];
  let open = true;
  const end = () => undefined;
  const slow = feed.subscribe([], undefined, { write: (text) => told.push(text) > 0 && open, end });
  const other: string[] = [];
  feed.subscribe([], undefined, { write: (text) => other.push(text) > 0, end });
  onTestFinished(() => feed.close());
  open = false;
  for (const id of ['asr-1', 'asr-2', 'asr-3']) {
    life.register(id);
    const seen = other.length;
    await eventually(
      async () => other.length,
      (length) => length > seen,
    );
  }
  expect(told.length).toBe(2);
  open = true;
  slow.drained();
  expect(told.length).toBe(3);
  expect(told.at(-1)).toContain('asr-3');
});

test.each(['nonsense', 'another-run.3', ''])('answers 410 to the event id "%s"', async (id) => {
  const { url } = await startTestRegistry();
  const { status, body } = await get(`${url}${PREFIX}/watch`, { 'last-event-id': id });
  expect([status, body.detail]).toEqual([410, expect.stringContaining('watch again')]);
});

test('the registry ends its streams when it ends, at once', async () => {
  const registry = await startTestRegistry();
  const stream = await watch(`${registry.url}${PREFIX}/watch`);
  await stream.batch();
  const began = performance.now();
  await Promise.all([registry.close(), expect(stream.batch()).rejects.toThrow('the stream ended')]);
  expect(performance.now() - began).toBeLessThan(5_000);
});
