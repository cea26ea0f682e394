// Answers whose bytes, and not whose contents, are the attack.
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { constants, gzipSync } from 'node:zlib';
import { type Answer, pause } from '../instrument.js';
import { ORDINARY_ROW } from './canned.js';

const MIB = 1024 * 1024;
const HUGE_BYTES = 104 * MIB;
const BOMB_BYTES = 80 * MIB;

const JSON_TYPE = { 'content-type': 'application/json' };

/** A valid JSON array of 104 MiB, as fast as it is taken; where the client hangs up, the rest is never made. */
export function sendHuge(response: ServerResponse): void {
  response.writeHead(200, JSON_TYPE);
  Readable.from(hugeList()).pipe(response);
}

function* hugeList(): Generator<string> {
  const row = JSON.stringify(ORDINARY_ROW);
  const chunk = `${row},`.repeat(Math.ceil((64 * 1024) / row.length));
  yield '[';
  for (let made = 0; made < HUGE_BYTES; made += chunk.length) yield chunk;
  yield `${row}]`;
}

/** Headers at once, then a byte of white space every 200 ms for as long as the client stays. */
export async function sendDrip(response: ServerResponse): Promise<void> {
  response.writeHead(200, JSON_TYPE);
  response.write('[');
  while (!response.destroyed) {
    await pause(200);
    response.write(' ');
  }
}

/** Promises more than it sends, then drops the connection. */
export function sendTruncated(response: ServerResponse): void {
  const body = JSON.stringify([ORDINARY_ROW]);
  response.writeHead(200, { ...JSON_TYPE, 'content-length': body.length });
  response.write(body.slice(0, body.length / 2), () => response.destroy());
}

export function gzipped({ status, headers, body }: Answer): Answer {
  return { status, headers: { ...headers, 'content-encoding': 'gzip' }, body: gzipSync(body) };
}

/** A few KiB that expand to an 80 MiB JSON array. */
export function gzipBomb(): Answer {
  const body = Buffer.alloc(BOMB_BYTES, ' ');
  body.write('[');
  body.write(']', BOMB_BYTES - 1);
  const level = constants.Z_BEST_SPEED;
  return {
    status: 200,
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
    body: gzipSync(body, { level }),
  };
}
