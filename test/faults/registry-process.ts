// What processes.ts starts: a registry whose clock and store can be tampered with from outside.

import { type RegistryOptions, serveStore, startRegistry } from '../../src/registry-server/server.js';
import { openDataDir } from '../../src/registry-server/store/data-dir.js';
import type { Store } from '../../src/registry-server/store/store.js';

/** Where this process kills itself (SIGKILL), in the commit that follows. */
export interface KillPoint {
  readonly at: 'before the commit' | 'in the commit' | 'after the commit' | 'after the answer';
  /** Of `in the commit`: so many turns of its promises after it began. */
  readonly turns?: number;
}

export type Order =
  | { readonly order: 'start'; readonly options: ProcessOptions }
  | { readonly order: 'wall'; readonly offsetMs: number }
  | { readonly order: 'kill'; readonly point: KillPoint };

/** What can be sent to another process of the options of a registry. */
export type ProcessOptions = Omit<RegistryOptions, 'clock' | 'random' | 'newId' | 'log'>;

let wallOffsetMs = 0;
let killPoint: KillPoint | undefined;

function killAt(point: KillPoint['at']): void {
  if (killPoint?.at === point) process.kill(process.pid, 'SIGKILL');
}

async function commit(store: Store, ...batch: Parameters<Store['commit']>): Promise<void> {
  killAt('before the commit');
  const committed = store.commit(...batch);
  if (killPoint?.at === 'in the commit') {
    for (let turn = 0; turn < (killPoint.turns ?? 0); turn += 1) await undefined;
    killAt('in the commit');
  }
  const result = await committed;
  killAt('after the commit');
  setImmediate(() => setImmediate(() => killAt('after the answer')));
  return result;
}

/** The store, with the points at which it kills. */
function deadly(store: Store): Store {
  return new Proxy(store, {
    get(target, key) {
      if (key === 'commit') return (...batch: Parameters<Store['commit']>) => commit(target, ...batch);
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function start(options: ProcessOptions): Promise<void> {
  const all: RegistryOptions = {
    ...options,
    clock: { now: () => performance.now(), wall: () => new Date(Date.now() + wallOffsetMs) },
    log: { write: (line) => process.stderr.write(line) },
    // What goes wrong; a line for every request would cost more than the request.
    logLevel: 'warn',
  };
  const { store } = options;
  const registry =
    store.kind === 'sqlite'
      ? await serveStore(deadly(await openDataDir(store.dataDir)), all)
      : await startRegistry(all);
  process.once('SIGTERM', () => void registry.close().then(() => process.exit()));
  process.send?.({ url: registry.url });
}

process.on('message', (message: Order) => {
  if (message.order === 'wall') wallOffsetMs = message.offsetMs;
  if (message.order === 'kill') killPoint = message.point;
  if (message.order !== 'start') return;
  start(message.options).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
});
