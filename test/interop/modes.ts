// What the guides' code is run against: `regctl serve` by itself, and as two replicas behind one address.
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { describe } from 'vitest';
import { newDeployment, startEngines } from '../support/cluster.js';
import { missingPackages } from '../support/engines.js';
import { type Serving, startServe } from '../support/targets.js';
import { missingPython } from './python.js';

interface Mode {
  readonly mode: string;
  /** What is not installed of what it needs. */
  missing(): readonly string[];
  open(flags: readonly string[]): Promise<Serving>;
}

const MODES: readonly Mode[] = [
  { mode: 'embedded', missing: () => [], open: (flags) => startServe(['--memory', ...flags]) },
  { mode: 'cluster', missing: missingPackages, open: openCluster },
];

/**
 * Describes what Python does against each mode; `open` starts it with these flags of `regctl serve`, and clients know
 * its one address. Where something is not installed it is skipped by name; in CI it fails.
 */
export function describeModes(what: string, tests: (open: Mode['open']) => void): void {
  for (const { mode, missing, open } of MODES) {
    const lacking = process.env.CI === undefined ? [...missing(), ...missingPython()] : [];
    const without = lacking.length === 0 ? '' : `, without ${lacking.join(', ')}`;
    describe.skipIf(lacking.length > 0)(`${what} against serve, ${mode}${without}`, () => tests(open));
  }
}

/** Closes what has been opened, the latest first. */
async function openCluster(flags: readonly string[]): Promise<Serving> {
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const each of opened.toReversed()) await each.close();
  };
  try {
    const engines = await startEngines();
    opened.push(engines);
    const deployment = await newDeployment(engines);
    const replicas = [];
    for (const _ of ['one', 'two']) {
      const replica = await startServe([...deployment.flags(), ...flags]);
      opened.push(replica);
      replicas.push(replica);
    }
    const address = await inTurns(replicas.map(({ url }) => Number(new URL(url).port)));
    opened.push(address);
    return { url: address.url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One address before several ports of this machine: every connection goes to the next of them. */
async function inTurns(ports: readonly number[]): Promise<Serving> {
  const open = new Set<Socket>();
  let turn = 0;
  const server = net.createServer((client) => {
    const upstream = net.connect(ports[turn++ % ports.length] ?? 0, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
