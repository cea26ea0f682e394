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
  const gunzip = answer.headers['content-encoding'] === 'gzip' ? createGunzip() : undefined;
  answer.body.on('error', (error) => gunzip?.destroy(error));
  const stream = gunzip ? answer.body.pipe(gunzip) : answer.body;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw fail('ANSWER_TOO_LARGE', { url, limit: mebibytes(maxBytes) });
      chunks.push(chunk);
    }
  } finally {
    answer.body.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}

function mebibytes(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${Math.round(bytes / 1024 / 1024)} MiB` : `${Math.round(bytes / 1024)} KiB`;
}
