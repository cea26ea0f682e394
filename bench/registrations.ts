// Durable registrations against durable puts of etcd.
import { type Benchmark, byTurns, type Form, type Row } from './benchmark.js';
import { requirePrograms } from './packages.js';
import { luaOf, registrationBody } from './seed.js';
import { newFolder } from './server.js';
import { startEtcd, startServe } from './servers.js';
import { posting, wrk } from './wrk.js';

const CONNECTIONS = [16, 256];
const SERVICES = 100;
const SECONDS: Record<Form, number> = { long: 3, short: 1 };

/** Registrations a second that the Config Service takes which regctl is to be used in place of. */
const CONFIG_SERVICE = 187;

/** Registers instances from `from` on, none of which was there before; answers registrations a second. */
export async function registering(url: string, from: number, connections: number, seconds: number) {
  const path = `${url}/api/v1/registry/register`;
  const script = posting(path, luaOf(registrationBody, SERVICES), from);
  return (await wrk({ url: path, connections, seconds, script })).perSecond;
}

/** Where the next run begins to number its instances: far more of them than it can register. */
export function newIds(): number {
  ids += 1_000_000;
  return ids;
}
let ids = 0;

export const registrations: Benchmark = {
  about:
    '`regctl serve` over SQLite in a folder, every registration another instance, against one etcd as it is by default, every put ' +
    'another key with a value of the bytes of the registration, through its HTTP gateway. Both are on the disk, of the same file ' +
    'system, before they are answered. Changes a second; and how many times the ' +
    `${CONFIG_SERVICE}/s of the deployed Config Service that is.`,
  async measure(runs, form) {
    requirePrograms(['wrk', 'etcd']);
    await using folder = await newFolder();
    await using data = await newFolder();
    await using serve = await startServe(['--data-dir', folder.path]);
    await using etcd = await startEtcd(data);
    const rows: Row[] = [];
    for (const connections of CONNECTIONS) {
      const of = await byTurns(runs, {
        regctl: () => registering(serve.url, newIds(), connections, SECONDS[form]),
        etcd: () => putting(etcd.url, newIds(), connections, SECONDS[form]),
      });
      rows.push({
        what: `${connections} connections`,
        regctl: of.regctl.toFixed(0),
        etcd: of.etcd.toFixed(0),
        ratio: (of.regctl / of.etcd).toFixed(2),
        [`× ${CONFIG_SERVICE}/s`]: (of.regctl / CONFIG_SERVICE).toFixed(0),
      });
    }
    return rows;
  },
};

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Puts keys from `from` on; answers puts a second. */
async function putting(url: string, from: number, connections: number, seconds: number): Promise<number> {
  const path = `${url}/v3/kv/put`;
  // Base64 takes three bytes at a time: a key is put together of texts that were encoded before.
  const digits = Array.from({ length: 1000 }, (_, n) => `"${base64(String(n).padStart(3, '0'))}"`);
  const prefix = base64('/services/asr/instances/');
  const value = base64(registrationBody(0, SERVICES));
  const group = (size: number) => `d[math.floor(n / ${size}) % 1000 + 1]`;
  const key = [`'{"key":"${prefix}'`, group(1_000_000), group(1000), group(1)].join(' .. ');
  const script = `local d = {${digits}}\n${posting(path, `${key} .. '","value":"${value}"}'`, from)}`;
  return (await wrk({ url: path, connections, seconds, script })).perSecond;
}
