// A watcher whose stream is cut at every event.
import { startProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { Client, type Target } from '../client.js';
import type { Fault } from '../fault.js';
import { LONG } from '../run-rows.js';
import type { Stage } from '../stage.js';
import { Watcher } from '../watcher.js';

/** Where a stream is cut: around an event, in it, and around the one that says that all is told. */
const CUTS = [
  { bytes: 'event: service', moment: 'before' },
  { bytes: 'event: service', moment: 'after' },
  { bytes: '"revision":', moment: 'after' },
  { bytes: ']}\n\n', moment: 'after' },
  { bytes: 'event: synced\nid: ', moment: 'after' },
  { bytes: 'data: {}\n', moment: 'before' },
  { bytes: 'data: {}\n\n', moment: 'after' },
] as const;

const ROUNDS = LONG ? 50 : 6;

/**
 * Makes changes at `registry` one at a time, watched at the registry that is called `name` and listens on `port`: the stream is cut at the event of the first, the second comes while it is cut. Throws
 * where the watcher is not told of either, with the very revision, or has to begin anew.
 */
export async function cutAtEveryEvent(
  stage: Stage,
  registry: Target,
  port: number,
  name = registry.name,
): Promise<void> {
  const proxy: TcpProxy = await startProxy(port);
  stage.onEnd(() => proxy.close());
  const client = new Client(stage.history);
  stage.onEnd(async () => client.close());
  const behind = { name, url: `http://127.0.0.1:${proxy.port}` };
  const watcher = new Watcher(stage.history, 'cut', () => behind, ['cut-a', 'cut-b']);
  const watching = watcher.run();
  stage.onEnd(async () => {
    watcher.stop();
    await watching;
  });
  await stage.eventually(
    async () => watcher.view.size,
    (size) => size === 2,
    'the watcher was told nothing',
  );
  const revisions = { 'cut-a': 0, 'cut-b': 0 };
  const change = async (service: 'cut-a' | 'cut-b', n: number): Promise<void> => {
    revisions[service] += 1;
    await client.register(registry, service, 'one', `http://one:${8000 + (n % 1000)}`);
  };
  let cuts = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [n, { bytes, moment }] of CUTS.entries()) {
      const cut = proxy.when({ direction: 'down', bytes, moment }, () => proxy.cut());
      await change('cut-a', 2 * (round * CUTS.length + n));
      await cut;
      cuts += 1;
      await change('cut-b', 2 * (round * CUTS.length + n));
      await client.list(registry, 'cut-a');
      proxy.heal();
      await stage.eventually(
        async () => ({ told: Object.fromEntries(watcher.revisions), wanted: revisions }),
        ({ told, wanted }) => told['cut-a'] === wanted['cut-a'] && told['cut-b'] === wanted['cut-b'],
        `cut ${moment} ${JSON.stringify(bytes)}, the watcher was not told of everything`,
      );
    }
  }
  const { resumed, gone } = watcher.counts;
  if (proxy.resets < cuts || resumed < cuts || gone > 0) {
    throw new Error(
      `${cuts} cuts, ${proxy.resets} resets, resumed ${resumed} times, begun anew ${gone} times`,
    );
  }
}

export const WATCH: readonly Fault[] = [
  {
    name: 'a watch is cut before, in and after every event, and resumed',
    mode: 'embedded',
    promise: 'Last-Event-ID resumes without a gap, in order.',
    async run(stage) {
      const registry = await stage.registry();
      await stage.load();
      await stage.during(() => cutAtEveryEvent(stage, registry, Number(new URL(registry.url).port)));
      await stage.check();
      return 'Every stream was resumed from its last id; every change was told, at its very revision, and revisions never went back.';
    },
  },
];
