// `regctl doctor --all` over many services, against the least time that so many requests can take.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../src/doctor/result.js';
import { type Benchmark, type Form, median, type Row } from './benchmark.js';
import { type Deployment, startDeployment } from './deployment.js';
import { measured } from './measured.js';

const LATENCY_MS = 50;
const CONCURRENCY = 8;
const SIZES: Record<Form, number[]> = { long: [100, 1_000], short: [30] };
/** More services than this take more than a minute, and are measured once. */
const REPEATED = 100;

export const doctorAll: Benchmark = {
  about:
    `every service of a registry, one instance each; registry and services answer after ${LATENCY_MS} ms, ` +
    `--concurrency ${CONCURRENCY}, one JSON report. Time is that of the whole process, from its start to its end. ` +
    `Ideal: requests that arrived × ${LATENCY_MS} ms ÷ ${CONCURRENCY}. By checks: checks carried out in place of requests. More than ${REPEATED} services are measured once.`,
  async measure(runs, form) {
    const rows: Row[] = [];
    for (const services of SIZES[form]) {
      const deployment = await startDeployment({ services, latencyMs: LATENCY_MS });
      const all: Run[] = [];
      while (all.length < (services > REPEATED ? 1 : runs)) all.push(await once(deployment));
      await deployment.close();
      rows.push(row(services, all));
    }
    return rows;
  },
};

interface Run {
  seconds: number;
  cpuSeconds: number;
  requests: number;
  /** In the report, and of these carried out. */
  results: number;
  carriedOut: number;
  peakMiB: number;
  reportMiB: number;
}

async function once(deployment: Deployment): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'regctl-bench-'));
  const file = join(folder, 'report.json');
  const env = {
    CONFIG_SERVICE_URL: deployment.url,
    JWT_SECRET: 'a-secret-of-the-benchmark-long-enough-for-hs256',
    SERVICE_ID: '1',
  };
  await deployment.requests();
  const args = ['doctor', '--all', '--concurrency', `${CONCURRENCY}`, '--report', `json=${file}`];
  const { ms, cpuMs, peakMiB, exit, stderr } = await measured(args, env, folder);
  const requests = await deployment.requests();
  const report = JSON.parse(await readFile(file, 'utf8')) as Report;
  const { size } = await stat(file);
  await rm(folder, { recursive: true });
  // A run that found something wrong, or did not come to its end, measures something else.
  if (exit !== 0) throw new Error(`exit ${exit}: ${JSON.stringify(report.summary)} ${stderr}`);
  return {
    seconds: ms / 1000,
    cpuSeconds: cpuMs / 1000,
    requests,
    results: report.results.length,
    carriedOut: report.results.filter(({ attempts }) => attempts.length > 0).length,
    peakMiB,
    reportMiB: size / 2 ** 20,
  };
}

function row(services: number, runs: readonly Run[]): Row {
  const of = (pick: (run: Run) => number) => median(runs.map(pick));
  const ideal = (count: number) => (count * LATENCY_MS) / 1000 / CONCURRENCY;
  return {
    services,
    results: of(({ results }) => results),
    requests: of(({ requests }) => requests),
    'time s': of(({ seconds }) => seconds).toFixed(1),
    'ideal s': of(({ requests }) => ideal(requests)).toFixed(1),
    ratio: of(({ seconds, requests }) => seconds / ideal(requests)).toFixed(2),
    'ratio by checks': of(({ seconds, carriedOut }) => seconds / ideal(carriedOut)).toFixed(2),
    'CPU s': of(({ cpuSeconds }) => cpuSeconds).toFixed(1),
    'peak MiB': of(({ peakMiB }) => peakMiB).toFixed(0),
    'report MiB': of(({ reportMiB }) => reportMiB).toFixed(1),
  };
}
