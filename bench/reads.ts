// What a read costs beside what HTTP costs in Node anyway.
import { type Benchmark, byTurns, type Form, type Row } from './benchmark.js';
import { requirePrograms } from './packages.js';
import { nameOf, seed } from './seed.js';
import { newFolder } from './server.js';
import { startBare, startServe } from './servers.js';
import { wrk } from './wrk.js';

const CONNECTIONS = 32;
const SERVICES = 100;
const INSTANCES_EACH = 10;
const SECONDS: Record<Form, number> = { long: 2, short: 1 };

export const reads: Benchmark = {
  about:
    `\`regctl serve\` with ${SERVICES} services of ${INSTANCES_EACH} healthy instances, ${CONNECTIONS} connections that ask for one of them, ` +
    'against bare node:http that answers a constant of the same bytes. Requests a second. ' +
    'No rate limit is in it: by default the registry sets none for its own machine.',
  async measure(runs, form) {
    requirePrograms(['wrk']);
    await using folder = await newFolder();
    await seed(folder.path, { instances: SERVICES * INSTANCES_EACH, services: SERVICES, beats: false });
    await using serve = await startServe(['--data-dir', folder.path]);
    const { service } = nameOf(0, SERVICES);
    const rows: Row[] = [];
    for (const [what, path] of [
      ['/url', `/api/v1/registry/services/${service}/url`],
      ['/discover', `/api/v1/registry/discover/${service}`],
    ] as const) {
      const body = await (await fetch(serve.url + path)).text();
      await using bare = await startBare({ [path]: body });
      const perSecond = async (url: string) =>
        (await wrk({ url: url + path, connections: CONNECTIONS, seconds: SECONDS[form] })).perSecond;
      const of = await byTurns(runs, {
        regctl: () => perSecond(serve.url),
        bare: () => perSecond(bare.url),
      });
      rows.push({
        what,
        bytes: Buffer.byteLength(body),
        regctl: of.regctl.toFixed(0),
        'node:http': of.bare.toFixed(0),
        ratio: (of.regctl / of.bare).toFixed(2),
      });
    }
    return rows;
  },
};
