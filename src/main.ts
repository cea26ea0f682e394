// From their own files: the index also loads semver.
import { ExitError } from '@oclif/core/errors';
import type { LoadOptions } from '@oclif/core/interfaces';
import { run as runOclif } from '@oclif/core/run';
import { settings } from '@oclif/core/settings';
import { fail } from './errors.js';
import { reportError, requestedOutput, toRegctlError } from './report-error.js';

/**
 * Runs the command line of this process and ends the process when the work and the flush are done.
 * `load` says where the commands are, as oclif's `Config.load` takes it.
 */
export async function run(load: LoadOptions): Promise<void> {
  // oclif would look for TypeScript sources where NODE_ENV says test or development.
  settings.enableAutoTranspile = false;
  mindOutput();
  const argv = process.argv.slice(2);
  // `regctl help list` is what people type; oclif's own help command is a package of its own.
  if (argv[0] === 'help') argv.splice(0, argv.length, ...argv.slice(1), '--help');
  try {
    await runOclif(argv, load);
  } catch (error) {
    await settle(error, argv);
  }
  await flushed(process.stdout);
  await flushed(process.stderr);
  // On Node 20 a process that made a request lingers for 85 ms; the work is done, so it ends here.
  process.exit();
}

/** What becomes of the process where its output is not taken. */
function mindOutput(): void {
  // oclif's own listener throws, which ends the process with a stack trace.
  process.stdout.removeAllListeners('error');
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that went away (`| head`) has what it wanted.
    if (error.code === 'EPIPE') process.exit();
    const { message, hint, exit } = fail('OUTPUT_FAILED', { cause: error.code ?? error.message });
    process.stderr.write(`Error: ${message}\n${hint}\n`);
    process.exit(exit);
  });
  // Nobody reads the words beside the data: the work goes on.
  process.stderr.on('error', () => undefined);
}

/** What oclif throws outside a command: help was asked for (exit 0), or there is no such command. */
async function settle(error: unknown, argv: string[]): Promise<void> {
  if (error instanceof ExitError) {
    process.exitCode = error.oclif.exit ?? 0;
    return;
  }
  const found = toRegctlError(error, { command: undefined, argv });
  await reportError(found, requestedOutput(argv), error, argv.includes('--debug'));
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
