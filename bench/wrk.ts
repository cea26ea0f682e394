// wrk, which makes more requests a second than a server in Node answers, on one thread and little CPU.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newFolder } from './server.js';

export interface Load {
  readonly url: string;
  readonly connections: number;
  /** Whole. */
  readonly seconds: number;
  /** Lua that says what is sent; GETs of the URL without. */
  readonly script?: string;
}

export interface Answered {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A slow answer, of a disk that others use too, is an answer; after this long it is none. */
const TIMEOUT_S = 20;

/** What is known of a run when it ends, as one line of JSON. */
const DONE = `
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\n{"requests":%d,"us":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d,"p50Us":%d,"p99Us":%d}\\n',
    summary.requests, summary.duration, e.connect, e.read, e.write, e.timeout, e.status,
    latency:percentile(50), latency:percentile(99)))
end
`;

type Summary = Record<
  'requests' | 'us' | 'connect' | 'read' | 'write' | 'timeout' | 'status' | 'p50Us' | 'p99Us',
  number
>;

/** Throws where not every answer was a good one, or there were less than one a second of each connection. */
export async function wrk({ url, connections, seconds, script = '' }: Load): Promise<Answered> {
  await using folder = await newFolder();
  const file = join(folder.path, 'load.lua');
  await writeFile(file, script + DONE);
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', `${TIMEOUT_S}s`, '-s', file, url];
  const { stdout } = await promisify(execFile)('wrk', args, { timeout: (seconds + 30) * 1000 });
  const line = stdout.split('\n').find((each) => each.startsWith('{'));
  if (line === undefined) throw new Error(`wrk said nothing of its run:\n${stdout}`);
  const { requests, us, p50Us, p99Us, ...errors } = JSON.parse(line) as Summary;
  if (Object.values(errors).some((count) => count > 0) || requests < connections * seconds) {
    throw new Error(`this measured no answers: ${line} of ${url}`);
  }
  return { perSecond: requests / (us / 1e6), p50Ms: p50Us / 1000, p99Ms: p99Us / 1000 };
}

/** POSTs JSON: `body` is a Lua expression in which `n` counts the requests, from `from` on. */
export function posting(url: string, body: string, from = 0): string {
  const { host, pathname } = new URL(url);
  return `
local head = "POST ${pathname} HTTP/1.1\\r\\nHost: ${host}\\r\\nContent-Type: application/json\\r\\nContent-Length: "
local n = ${from - 1}
request = function()
  n = n + 1
  local body = ${body}
  return head .. #body .. "\\r\\n\\r\\n" .. body
end
`;
}

/** Has requests sent at a steady rate, however fast they are answered. */
export function paced(perSecond: number): string {
  return `
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long ns; } moment; int clock_gettime(int clock, moment *at);")
local at = ffi.new("moment")
local function now()
  ffi.C.clock_gettime(1, at)
  return tonumber(at.s) * 1000 + tonumber(at.ns) / 1e6
end
local start, sent = nil, 0
delay = function()
  start = start or now()
  sent = sent + 1
  return math.max(0, math.floor(start + sent * ${1000 / perSecond} - now() + 0.5))
end
`;
}
