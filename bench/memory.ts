// What many instances cost: memory, a restart, and the time of a read.
import { type Benchmark, byTurns, type Form, type Row } from './benchmark.js';
import { requirePrograms } from './packages.js';
import { nameOf, seed } from './seed.js';
import { type Folder, newFolder, type Server } from './server.js';
import { startServe } from './servers.js';
import { wrk } from './wrk.js';

const FEW = 1000;
const MANY: Record<Form, number> = { long: 1_000_000, short: 100_000 };
/** Of one service. */
const SINGLE: Record<Form, number> = { long: 100_000, short: 30_000 };
const SECONDS: Record<Form, number> = { long: 3, short: 1 };
const CONNECTIONS = 32;
const EACH = 10;
const MIB = 2 ** 20;

export const memory: Benchmark = {
  about:
    `\`regctl serve\` over a database of many instances, ${EACH} of each service, against one of ${FEW.toLocaleString('en')}, and against one with 100,000 (--short: 30,000) of one service. ` +
    "They are written by the store's own code, without HTTP; then the registry is started, as after any end. Memory is what the process has resident after it " +
    `has answered reads for some seconds; its start is until /ready is 200; /url is the time of a read over ${CONNECTIONS} connections, and its ratio to that with few.`,
  async measure(runs, form) {
    requirePrograms(['wrk']);
    const instances = MANY[form];
    await using fewFolder = await newFolder();
    await using manyFolder = await newFolder();
    await using singleFolder = await newFolder();
    await using few = await startSeeded(fewFolder, FEW, FEW / EACH);
    await using many = await startSeeded(manyFolder, instances, instances / EACH);
    await using single = await startSeeded(singleFolder, SINGLE[form], 1);
    const perSecond = await byTurns(runs, {
      few: () => reading(few, form),
      many: () => reading(many, form),
      single: () => reading(single, form),
    });
    const mib = (server: Server) => server.memory().bytes / MIB;
    const peak = (server: Server) => server.memory().peakBytes / MIB;
    const seconds = ({ startMs }: Server) => startMs / 1000;
    const each = ((mib(many) - mib(few)) * MIB) / (instances - FEW);
    const perInstance = (seconds(many) - seconds(few)) / (instances - FEW);
    const startOfMillion = seconds(few) + perInstance * (1_000_000 - FEW);
    const row = (what: string, [of1000, ofMany]: [number, number], result: string, all = instances): Row => ({
      what,
      instances: all,
      [`with ${FEW}`]: shown(of1000),
      'with all': shown(ofMany),
      result,
    });
    const micros = { few: 1e6 / perSecond.few, many: 1e6 / perSecond.many, single: 1e6 / perSecond.single };
    const ratio = (side: 'many' | 'single') => (micros[side] / micros.few).toFixed(2);
    return [
      row('MiB resident; bytes an instance', [mib(few), mib(many)], each.toFixed(0)),
      row('MiB at the most', [peak(few), peak(many)], ''),
      row('start, s; of a million', [seconds(few), seconds(many)], startOfMillion.toFixed(1)),
      row('/url, µs', [micros.few, micros.many], ratio('many')),
      row('/url of one service, µs', [micros.few, micros.single], ratio('single'), SINGLE[form]),
    ];
  },
};

const shown = (value: number) => value.toFixed(value < 10 ? 1 : 0);

async function startSeeded(folder: Folder, instances: number, services: number): Promise<Server> {
  await seed(folder.path, { instances, services, beats: false });
  return startServe(['--data-dir', folder.path]);
}

async function reading({ url }: Server, form: Form): Promise<number> {
  const path = `/api/v1/registry/services/${nameOf(0, 1).service}/url`;
  return (await wrk({ url: url + path, connections: CONNECTIONS, seconds: SECONDS[form] })).perSecond;
}
