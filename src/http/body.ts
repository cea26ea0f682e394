import { createGunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { fail } from '../errors.js';

/**
 * Reads an answer as UTF-8 text, unpacking gzip. Stops and throws ANSWER_TOO_LARGE past `maxBytes` of unpacked
 * data, so that neither a long answer nor a small one that unpacks to a long one fills the memory.
 */
export async function readBody(
  answer: Dispatcher.ResponseData,
  maxBytes: number,
  url: string,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(answer)) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(url, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The body as it comes, gzip unpacked; whoever stops early ends the transfer. */
export async function* chunksOf(answer: Dispatcher.ResponseData): AsyncGenerator<Buffer> {
  const gunzip = answer.headers['content-encoding'] === 'gzip' ? createGunzip() : undefined;
  answer.body.on('error', (error) => gunzip?.destroy(error));
  try {
    yield* (gunzip ? answer.body.pipe(gunzip) : answer.body) as AsyncIterable<Buffer>;
  } finally {
    answer.body.destroy();
  }
}

export function tooLarge(url: string, maxBytes: number) {
  return fail('ANSWER_TOO_LARGE', { url, limit: mebibytes(maxBytes) });
}

function mebibytes(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${Math.round(bytes / 1024 / 1024)} MiB` : `${Math.round(bytes / 1024)} KiB`;
}
