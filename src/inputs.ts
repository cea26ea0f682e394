// Files and standard input, bounded, with errors that say what is wrong.
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { fail, RegctlError } from './errors.js';

/** No message, secret or setting is larger. */
export const MAX_INPUT_BYTES = 1024 * 1024;

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'you have no permission to read it',
  EPERM: 'you have no permission to read it',
};

/** The text of a file, at most 1 MiB; `what` names it in the error. Throws USAGE. */
export async function readTextFile(path: string, what: string, signal?: AbortSignal): Promise<string> {
  try {
    return await readStream(createReadStream(path), signal, `${what} ${path}`);
  } catch (error) {
    if (error instanceof RegctlError || signal?.aborted) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw fail('USAGE', {
      what: `${what} ${path} cannot be read:`,
      why: `${REASONS[code] ?? code}.`,
      next: 'Check the path and its permissions.',
    });
  }
}

/** All of a stream as text, at most 1 MiB; `what` names it in the error. Throws USAGE, and when the signal fires. */
export async function readStream(
  stream: Readable,
  signal: AbortSignal | undefined,
  what = 'Standard input',
): Promise<string> {
  if (signal !== undefined) addAbortSignal(signal, stream);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_INPUT_BYTES) {
      throw fail('USAGE', {
        what: `${what} is larger than 1 MiB:`,
        why: 'that is no message, secret or setting.',
        next: 'Check that it is what you meant to give.',
      });
    }
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString('utf8');
}
