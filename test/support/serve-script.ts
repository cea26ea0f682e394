// What serve-process.ts starts: a registry over the folder given, its URL on stdout, ended by SIGTERM.
import { startRegistry } from '../../src/registry-server/server.js';

const [dataDir = ''] = process.argv.slice(2);
const registry = await startRegistry({ port: 0, store: { kind: 'sqlite', dataDir } });
process.once('SIGTERM', () => void registry.close());
process.stdout.write(`${registry.url}\n`);
