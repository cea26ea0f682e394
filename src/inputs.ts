// Files and standard input, bounded, with errors that say what is wrong.
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { fail } from './errors.js';

/** No message, secret or setting is larger. */
export const MAX_INPUT_BYTES = 1024 * 1024;

/** The text of a file; `what` names it in the error. Throws USAGE. */
export async function readTextFile(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw fail('USAGE', {
      what: `${what} ${path} cannot be read:`,
      why: code === 'ENOENT' ? 'there is no such file.' : `${code}.`,
      next: 'Check the path and its permissions.',
    });
  }
}

/** All of a stream as text, at most 1 MiB. Throws USAGE. */
export async function readStream(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_INPUT_BYTES) {
      throw fail('USAGE', {
        what: 'Standard input is larger than 1 MiB:',
        why: 'that is no message and no secret.',
        next: 'Check what is piped in.',
      });
    }
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString('utf8');
}
