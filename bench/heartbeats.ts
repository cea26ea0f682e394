// What a heartbeat costs: beside what HTTP and JSON cost in Node anyway, and of a core at a steady rate.
import { type Benchmark, byTurns, type Form } from './benchmark.js';
import { requirePrograms } from './packages.js';
import { luaOf, nameOf, seed } from './seed.js';
import { newFolder, type Server } from './server.js';
import { startBare, startServe } from './servers.js';
import { paced, posting, wrk } from './wrk.js';

const PATH = '/api/v1/registry/heartbeat';
const CONNECTIONS = 32;
const INSTANCES: Record<Form, number> = { long: 100_000, short: 30_000 };
const SERVICES = 1000;
/** A second: 100,000 instances, each every 30 s. */
const STEADY = 100_000 / 30;
const SECONDS: Record<Form, { race: number; steady: number }> = {
  long: { race: 2, steady: 15 },
  short: { race: 1, steady: 3 },
};

export const heartbeats: Benchmark = {
  about:
    `\`regctl serve\` with 100,000 instances that beat (--short: 30,000), ${CONNECTIONS} connections, one instance after the other, against bare ` +
    'node:http that parses the same body and answers a constant of the same bytes. As fast as they go: heartbeats a second. Steady: ' +
    `${STEADY.toFixed(0)} a second, which is each of 100,000 every 30 s; the CPU time of the process, in per cent of a core.`,
  async measure(runs, form) {
    requirePrograms(['wrk']);
    const { race, steady } = SECONDS[form];
    await using folder = await newFolder();
    const instances = INSTANCES[form];
    await seed(folder.path, { instances, services: SERVICES, beats: true });
    await using serve = await startServe(['--data-dir', folder.path]);
    const answer = await fetch(serve.url + PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: beatBody(0, SERVICES),
    });
    await using bare = await startBare({ [PATH]: await answer.text() });
    // First: they are given 60 s at least to send the first one.
    const share = {
      regctl: await shareOfCore(serve, instances, steady),
      bare: await shareOfCore(bare, instances, steady),
    };
    const of = await byTurns(runs, {
      regctl: () => beating(serve, instances, race),
      bare: () => beating(bare, instances, race),
    });
    return [
      {
        what: 'as fast as they go, /s',
        regctl: of.regctl.toFixed(0),
        'node:http': of.bare.toFixed(0),
        ratio: (of.regctl / of.bare).toFixed(2),
      },
      {
        what: 'steady, % of a core',
        regctl: share.regctl.toFixed(1),
        'node:http': share.bare.toFixed(1),
        ratio: (share.regctl / share.bare).toFixed(2),
      },
    ];
  },
};

function beatBody(n: number, services: number): string {
  const { service, id } = nameOf(n, services);
  return JSON.stringify({ service_name: service, instance_id: id });
}

async function beating({ url }: Server, instances: number, seconds: number, pace = ''): Promise<number> {
  const body = luaOf(beatBody, SERVICES).replaceAll(/\bn\b(?= %|\))/g, `(n % ${instances})`);
  const script = posting(url + PATH, body) + pace;
  return (await wrk({ url: url + PATH, connections: CONNECTIONS, seconds, script })).perSecond;
}

/** Per cent of a core that the server takes for heartbeats at the steady rate, once it is warm. */
async function shareOfCore(server: Server, instances: number, seconds: number): Promise<number> {
  await beating(server, instances, 1, paced(STEADY));
  const [began, cpuMs] = [performance.now(), server.cpuMs()];
  const perSecond = await beating(server, instances, seconds, paced(STEADY));
  const share = ((server.cpuMs() - cpuMs) / (performance.now() - began)) * 100;
  if (perSecond < STEADY * 0.95) throw new Error(`${perSecond.toFixed(0)} a second came, of ${STEADY}`);
  return share;
}
