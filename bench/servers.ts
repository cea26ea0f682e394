// The servers that are measured: the registry, and what it is measured against.
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/engines.js';
import type { Answers } from './bare-process.js';
import { REGCTL } from './measured.js';
import { type Folder, type Server, startServer } from './server.js';

/** `regctl serve` on a free port, with its log at the default level. */
export function startServe(flags: readonly string[]): Promise<Server> {
  const args = [REGCTL, 'serve', '--port', '0', '--json', ...flags];
  return startServer({ program: process.execPath, args, readyPath: '/ready' });
}

/** Bare node:http that answers paths with constants, and parses what is posted as JSON. */
export function startBare(answers: Answers): Promise<Server> {
  const script = fileURLToPath(new URL('bare-process.ts', import.meta.url));
  return startServer({
    program: process.execPath,
    args: ['--import', import.meta.resolve('tsx'), script, JSON.stringify(answers)],
  });
}

/** One etcd, durable as it is by default. */
export async function startEtcd(folder: Folder): Promise<Server> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const flags = {
    'data-dir': folder.path,
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
    'log-level': 'error',
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  return startServer({ program: 'etcd', args, url, readyPath: '/health' });
}
