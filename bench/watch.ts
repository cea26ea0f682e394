// How soon everybody who watches a service knows of a change.
import http, { type IncomingMessage } from 'node:http';
import { type Benchmark, type Form, median, quantile } from './benchmark.js';
import { newFolder } from './server.js';
import { startServe } from './servers.js';

const PREFIX = '/api/v1/registry';
const SERVICE = 'asr-service';
const WATCHERS = 1000;
const CHANGES: Record<Form, number> = { long: 30, short: 10 };
const PATIENCE_MS = 10_000;

export const watch: Benchmark = {
  about:
    `${WATCHERS.toLocaleString('en')} connections of one process watch a service of \`regctl serve\` while an instance of it registers again and again. From the answer ` +
    'to a registration, which is on disk then, to the arrival of its event at each of them, milliseconds. What changes within 50 ms is told together.',
  async measure(runs, form) {
    await using folder = await newFolder();
    await using serve = await startServe(['--data-dir', folder.path]);
    const watchers = await Promise.all(Array.from({ length: WATCHERS }, () => openWatcher(serve.url)));
    try {
      const delays: number[] = [];
      // Change 0 warms up.
      for (let change = 0; change <= runs * CHANGES[form]; change += 1) {
        const marker = `change-${change}`;
        const arrivals = Promise.all(watchers.map((watcher) => watcher.seen(marker)));
        const answered = await register(serve.url, marker);
        const times = await withinPatience(arrivals);
        if (change > 0) delays.push(...times.map((time) => Math.max(0, time - answered)));
      }
      return [
        {
          what: 'arrival',
          watchers: WATCHERS,
          changes: runs * CHANGES[form],
          'median ms': median(delays).toFixed(0),
          'p99 ms': quantile(delays, 0.99).toFixed(0),
          'max ms': quantile(delays, 1).toFixed(0),
        },
      ];
    } finally {
      for (const watcher of watchers) watcher.close();
    }
  },
};

interface Watcher {
  /** When an event with this in it had come whole. */
  seen(marker: string): Promise<number>;
  close(): void;
}

async function openWatcher(url: string): Promise<Watcher> {
  const request = http.get(`${url}${PREFIX}/watch?service=${SERVICE}`, { agent: false });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  if (response.statusCode !== 200) throw new Error(`watch is answered ${response.statusCode}`);
  let wanted: { marker: string; resolve: (at: number) => void } | undefined;
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (!text.endsWith('\n\n')) return;
    if (wanted !== undefined && text.includes(`"${wanted.marker}"`)) wanted.resolve(performance.now());
    text = '';
  });
  return {
    seen: (marker) =>
      new Promise((resolve) => {
        wanted = { marker, resolve };
      }),
    close: () => request.destroy(),
  };
}

/** Answers when it was acknowledged. */
async function register(url: string, marker: string): Promise<number> {
  const answer = await fetch(`${url}${PREFIX}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      service_name: SERVICE,
      service_url: 'http://asr-1:8000',
      service_metadata: { instance_id: 'asr-1', status: 'healthy', version: marker },
    }),
  });
  const at = performance.now();
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
  return at;
}

async function withinPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('an event did not arrive')), PATIENCE_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
