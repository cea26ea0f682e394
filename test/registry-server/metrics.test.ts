// GET /metrics: every line is read as Prometheus reads it, and the numbers are those of what was done.
import http from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { json, send, startInstrument } from '../support/instrument.js';
import { eventually, get, post, startTestRegistry } from '../support/start-registry.js';

const PREFIX = '/api/v1/registry';

const HEALTHY = (service: string, id: string) => ({
  service_name: service,
  service_url: 'http://asr:8000',
  service_metadata: { instance_id: id, status: 'healthy' },
});

interface Family {
  type: string;
  help: string;
  /** By what stands before the value: the name and its labels. */
  series: Map<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"`;
const SAMPLE = new RegExp(`^((${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})?) (\\S+)$`);
const NUMBER = /^([+-]?Inf|NaN|[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$/i;

/** The page as Prometheus reads it; throws at the first line that it would not take, or that breaks its rules. */
function parse(page: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let help: { name: string; text: string } | undefined;
  let current: { name: string; family: Family } | undefined;
  const wrong = (line: string, why: string) => new Error(`${why}: ${line}`);
  if (!page.endsWith('\n')) throw new Error('the last line does not end');
  for (const line of page.split('\n')) {
    if (line === '') continue;
    const comment = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line);
    if (comment !== null) {
      const [, kind, name = '', text = ''] = comment;
      if (kind === 'HELP') help = { name, text };
      else {
        if (help?.name !== name) throw wrong(line, 'a type without the help before it');
        if (families.has(name)) throw wrong(line, 'a family twice');
        if (!['counter', 'gauge', 'histogram', 'summary'].includes(text)) throw wrong(line, 'no such type');
        current = { name, family: { type: text, help: help.text, series: new Map() } };
        families.set(name, current.family);
      }
      continue;
    }
    const [, series = '', name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    if (series === '' || !NUMBER.test(value)) throw wrong(line, 'no sample');
    if (current === undefined) throw wrong(line, 'a sample without a family');
    const suffix = name.slice(current.name.length);
    const allowed = current.family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    if (!name.startsWith(current.name) || !allowed.includes(suffix)) throw wrong(line, 'in the wrong family');
    if (suffix === '_bucket' && !/(^|,)le="[^"]+"/.test(labels))
      throw wrong(line, 'a bucket without a bound');
    if (current.family.series.has(series)) throw wrong(line, 'a series twice');
    current.family.series.set(series, Number(value.replace('Inf', 'Infinity')));
  }
  return families;
}

async function scrape(url: string) {
  const answer = await fetch(`${url}/metrics`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  const page = await answer.text();
  const families = parse(page);
  const value = (series: string): number | undefined => {
    for (const { series: all } of families.values()) {
      const found = all.get(series);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return { page, families, value };
}

test('what was done is counted, line by line as Prometheus reads it', async () => {
  const { url } = await startTestRegistry({ version: '1.2.3' });
  const registry = `${url}${PREFIX}`;
  const before = await scrape(url);
  expect(before.value('regctl_transitions_total{cause="registered"}')).toBe(0);
  expect(before.value('regctl_heartbeats_total')).toBe(0);

  await post(`${registry}/register`, HEALTHY('asr', 'a'));
  await post(`${registry}/register`, HEALTHY('asr', 'b'));
  await post(`${registry}/register`, HEALTHY('asr', 'b'));
  await post(`${registry}/register`, { service_name: 'nmt' });
  await post(`${url}/register`, { service_id: 7, service_name: 'nmt', url: 'http://nmt:8000' });
  await post(`${registry}/deregister?service_name=asr&instance_id=b`);
  await post(`${registry}/heartbeat`, { service_name: 'asr', instance_id: 'a' });
  await post(`${url}/heartbeat`, { service_id: 7 });
  await post(`${url}/heartbeat`, { service_id: 8 });
  await get(`${registry}/services/asr/url`);

  // What the heartbeats changed is written after they are answered.
  await eventually(
    async () => (await scrape(url)).value('regctl_transitions_total{cause="heartbeat"}'),
    (beats) => beats === 2,
  );
  const { value } = await scrape(url);
  const route = (method: string, path: string, status: string) =>
    value(`regctl_http_requests_total{route="${path}",method="${method}",status="${status}"}`);
  expect({
    registered: value('regctl_transitions_total{cause="registered"}'),
    again: value('regctl_transitions_total{cause="registered-again"}'),
    deregistered: value('regctl_transitions_total{cause="deregistered"}'),
    heartbeats: value('regctl_heartbeats_total'),
    healthy: value('regctl_instances{state="healthy"}'),
    down: value('regctl_instances{state="down"}'),
    services: value('regctl_services'),
    refused: route('POST', `${PREFIX}/register`, '4xx'),
    accepted: route('POST', `${PREFIX}/register`, '2xx'),
    unknownBeat: route('POST', '/heartbeat', '4xx'),
    picked: route('GET', `${PREFIX}/services/:name/url`, '2xx'),
    timed: value(
      `regctl_http_request_duration_seconds_count{route="${PREFIX}/services/:name/url",method="GET"}`,
    ),
    store: value('regctl_store_up'),
    loaded: value('regctl_loaded'),
    readOnly: value('regctl_read_only'),
    build: value('regctl_build_info{version="1.2.3"}'),
    written: value('regctl_commit_batch_size_sum'),
    queue: value('regctl_writer_queue_length'),
  }).toEqual({
    registered: 3,
    again: 1,
    deregistered: 1,
    heartbeats: 2,
    healthy: 2,
    down: 0,
    services: 2,
    refused: 1,
    accepted: 3,
    unknownBeat: 1,
    picked: 1,
    timed: 1,
    store: 1,
    loaded: 1,
    readOnly: 0,
    build: 1,
    written: 7,
    queue: 0,
  });
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
});

test('names, units and histograms keep the rules of Prometheus', async () => {
  const { url } = await startTestRegistry();
  await post(`${url}${PREFIX}/register`, HEALTHY('asr', 'a'));
  const { families } = await scrape(url);
  for (const [name, { type, help, series }] of families) {
    expect([name, help.length > 10]).toEqual([name, true]);
    // https://prometheus.io/docs/practices/naming/: totals are counters, units are base units.
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    expect(name).not.toMatch(/_(ms|milliseconds|kb|mb|kilobytes|percent)(_|$)/);
    if (type !== 'histogram') continue;
    const bySeries = new Map<string, number[]>();
    for (const [key, value] of series) {
      if (!key.startsWith(`${name}_bucket`)) continue;
      const rest = key
        .replace(/,?le="[^"]+"/, '')
        .replace(/^.*_bucket/, '')
        .replace('{}', '');
      bySeries.set(rest, [...(bySeries.get(rest) ?? []), value]);
    }
    for (const [labels, buckets] of bySeries) {
      expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
      expect(buckets.at(-1)).toBe(series.get(`${name}_count${labels}`));
    }
  }
});

test('nothing that callers send becomes a series: not a path, not a name, not a method', async () => {
  const { url } = await startTestRegistry();
  const registry = `${url}${PREFIX}`;
  const round = async (n: number) => {
    await get(`${url}/no-such-path-${n}`);
    await fetch(`${url}/no-such-path-${n}`, { method: 'PROPFIND' });
    await fetch(`${url}/services`, { method: 'PUT' });
    await get(`${registry}/services/someone-${n}/url`);
    await get(`${url}/services?someone-${n}=/heartbeat`);
    await post(`${registry}/register`, HEALTHY(`someone-${n}`, `one-${n}`));
    await post(`${registry}/heartbeat`, { service_name: `someone-${n}`, instance_id: `one-${n}` });
    await post(`${registry}/deregister?service_name=someone-${n}&instance_id=one-${n}`);
  };
  await round(0);
  const seriesOf = async () => {
    const { families, page } = await scrape(url);
    expect(page).not.toMatch(/someone|one-\d|no-such/);
    return [...families.entries()]
      .filter(([name]) => name.startsWith('regctl_'))
      .flatMap(([, { series }]) => [...series.keys()]);
  };
  await seriesOf();
  const before = await seriesOf();
  for (let n = 1; n <= 20; n += 1) await round(n);
  expect(await seriesOf()).toEqual(before);
  const { value } = await scrape(url);
  expect(value('regctl_http_requests_total{route="other",method="GET",status="4xx"}')).toBe(21);
  expect(value('regctl_http_requests_total{route="other",method="other",status="4xx"}')).toBe(21);
  expect(value('regctl_heartbeats_total')).toBe(21);
});

test('health checks are counted by their result', async () => {
  const { url } = await startTestRegistry();
  const answering = (status: number) =>
    startInstrument(async (_, response) => send(response, json(status, {})));
  const [well, ill] = await Promise.all([answering(200), answering(500)]);
  onTestFinished(() => Promise.all([well.close(), ill.close()]).then(() => undefined));
  for (const [id, { url: health }] of Object.entries({ well, ill })) {
    await post(`${url}${PREFIX}/register`, { ...HEALTHY('asr', id), health_check_url: health });
  }
  const count = (result: string) =>
    scrape(url).then(({ value }) => value(`regctl_health_checks_total{result="${result}"}`));
  for (const [result, { requests }] of [
    ['passed', well],
    ['failed', ill],
  ] as const) {
    await eventually(
      () => count(result),
      (counted) => counted === requests.length && counted > 0,
    );
  }
  expect(await count('inconclusive')).toBe(0);
});

test('open watches are counted, and their length is not taken for the time of an answer', async () => {
  const { url } = await startTestRegistry();
  const watch = http.get(`${url}${PREFIX}/watch`, { agent: false });
  onTestFinished(() => void watch.destroy());
  await new Promise((resolve) => watch.once('response', resolve));
  const { value } = await scrape(url);
  expect(value('regctl_watchers')).toBe(1);
  expect(value(`regctl_http_requests_total{route="${PREFIX}/watch",method="GET",status="2xx"}`)).toBe(1);
  watch.destroy();
  await eventually(
    async () => (await scrape(url)).value('regctl_watchers'),
    (watchers) => watchers === 0,
  );
  expect((await scrape(url)).page).not.toMatch(/duration_seconds\w*\{[^}]*watch/);
});

test('who asks too often is counted', async () => {
  const rateLimit = { perSecond: 0.001, burst: 5, loopback: true };
  const { url } = await startTestRegistry({ rateLimit });
  const answers = [];
  for (let n = 0; n < 4; n += 1) answers.push((await get(`${url}/services`)).status);
  expect(answers).toEqual([200, 200, 200, 200]);
  const { value } = await scrape(url);
  expect(value('regctl_rate_limited_requests_total')).toBe(0);
  const refused = await get(`${url}/services`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1000']);
});
