// What a command costs as a whole process, against the least that Node can do for it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Form, Row } from './benchmark.js';
import { type Deployment, startDeployment } from './deployment.js';
import { REGCTL } from './measured.js';
import { compare, type Program } from './processes.js';

const BARE_LIST = fileURLToPath(new URL('bare/list.cjs', import.meta.url));
/** Of each program in a run, by turns. */
const ROUNDS: Record<Form, number> = { long: 7, short: 5 };
const SERVICES = 10;

export const startup: Benchmark = {
  about:
    `regctl as a user starts it, with its code cache written, against a bare Node program that does the same; ` +
    `${SERVICES} services, loopback. Whole processes, by turns; medians of ${ROUNDS.long} a run.`,
  async measure(runs, form) {
    const folder = await mkdtemp(join(tmpdir(), 'regctl-bench-'));
    const deployment = await startDeployment({ services: SERVICES, latencyMs: 0 });
    try {
      return await rows(folder, deployment, runs * ROUNDS[form]);
    } finally {
      await deployment.close();
      await rm(folder, { recursive: true });
    }
  },
};

async function rows(folder: string, deployment: Deployment, rounds: number): Promise<Row[]> {
  const env = {
    HOME: folder,
    CONFIG_SERVICE_URL: deployment.url,
    JWT_SECRET: 'a-secret-of-the-benchmark-long-enough-for-hs256',
    SERVICE_ID: '1',
  };
  const regctl = (...args: string[]): Program => ({ command: [process.execPath, REGCTL, ...args], env });
  const node = (...args: string[]): Program => ({ command: [process.execPath, ...args], env });
  const nothing = node('-e', '0');
  const pairs: readonly [string, Program, string, Program][] = [
    ['--version', regctl('--version'), 'node -e 0', nothing],
    ['mint-token', regctl('mint-token'), 'node -e 0', nothing],
    ['list', regctl('list'), 'GET, parse, print', node(BARE_LIST, deployment.url)],
  ];
  const found: Row[] = [];
  for (const [what, program, peer, bare] of pairs) {
    const [ms = Number.NaN, bareMs = Number.NaN] = await compare([program, bare], rounds);
    found.push({
      what,
      'regctl ms': ms.toFixed(0),
      against: peer,
      'its ms': bareMs.toFixed(0),
      ratio: (ms / bareMs).toFixed(2),
    });
  }
  return found;
}
