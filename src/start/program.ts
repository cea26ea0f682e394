// What a process of regctl is: the command line, or one of the services that `regctl serve --samples` starts.
import { PROGRAM_VARIABLE, SAMPLE_PROGRAM } from '../samples/program.js';
import { COMMAND_WORDS } from './build.js';
import { VERSION_LINE } from './version-line.js';
import { writeAtOnce } from './write-at-once.js';

const isSample = process.env[PROGRAM_VARIABLE] === SAMPLE_PROGRAM;

/** A code cache for each command: what another one compiled is of no use to it, and takes time to read. */
export function cacheName(): string {
  if (isSample) return SAMPLE_PROGRAM;
  const [, , word = ''] = process.argv;
  return COMMAND_WORDS.includes(word) ? word : 'other';
}

/** Runs the program of this process with a `require` for the chunks of the bundle. */
export function runProgram(load: (name: string) => unknown): void {
  if (isSample) {
    load('sample.cjs');
    return;
  }
  const version = Buffer.from(`${VERSION_LINE}\n`);
  if (process.argv[2] === '--version' && writeAtOnce(version) === version.length) return;
  const { run } = load('main.cjs') as typeof import('../main.js');
  void run();
}
