// The standard streams. Node takes 4 ms to make them, a tenth of most commands: they are made where there is need of one.
import { fstatSync, statSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { fail } from './errors.js';
import { writeAtOnce } from './start/write-at-once.js';

const FILE_DESCRIPTORS = { stdin: 0, stdout: 1, stderr: 2 } as const;
/** What a pipe takes at once, so that the process does not stand still until somebody reads. */
const AT_ONCE_BYTES = 16 * 1024;

const made = { stdout: false, stderr: false };

/** Standard output as a stream. Where nobody takes what is written to it, the process ends. */
export function stdout(): NodeJS.WriteStream {
  if (!made.stdout) mindOutput();
  return process.stdout;
}

/** Standard error as a stream. */
export function stderr(): NodeJS.WriteStream {
  // Nobody reads the words beside the data: the work goes on.
  if (!made.stderr) process.stderr.on('error', () => undefined);
  made.stderr = true;
  return process.stderr;
}

/** Takes errors of the output from whoever else listens to them: oclif's command ends the process with a stack trace. */
export function mindOutput(): void {
  made.stdout = true;
  process.stdout.removeAllListeners('error').on('error', (error: NodeJS.ErrnoException) => {
    // A reader that went away (`| head`) has what it wanted.
    if (error.code === 'EPIPE') process.exit();
    const { message, hint, exit } = fail('OUTPUT_FAILED', { cause: error.code ?? error.message });
    stderr().write(`Error: ${message}\n${hint}\n`);
    process.exit(exit);
  });
}

/** True where a person is at the other end. */
export function isTerminal(name: keyof typeof FILE_DESCRIPTORS): boolean {
  try {
    const stats = fstatSync(FILE_DESCRIPTORS[name]);
    if (!stats.isCharacterDevice() || stats.rdev === statSync('/dev/null').rdev) return false;
  } catch {
    // What cannot be looked at, the stream knows.
  }
  return process[name].isTTY === true;
}

/** Writes text to standard output as it comes, without the stream where there is little of it and no terminal. */
export async function print(parts: AsyncIterable<string>): Promise<void> {
  let held = '';
  for await (const part of parts) {
    held += part;
    if (held.length < AT_ONCE_BYTES) continue;
    await writeAll(stdout(), held);
    held = '';
  }
  const bytes = Buffer.from(held);
  const written = made.stdout || isTerminal('stdout') ? 0 : writeAtOnce(bytes);
  if (written < bytes.length) await writeAll(stdout(), bytes.subarray(written));
}

/** Writes and waits for the buffer to drain, so that memory does not grow with the output. */
export async function writeAll(stream: Writable, text: string | Uint8Array): Promise<void> {
  if (stream.write(text)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.once('drain', done).once('close', done);
  });
}

/** Waits until all that was written is out. */
export async function flush(): Promise<void> {
  if (made.stdout) await flushed(process.stdout);
  if (made.stderr) await flushed(process.stderr);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
