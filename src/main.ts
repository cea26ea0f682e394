import { Errors, type Interfaces, run as runOclif, settings } from '@oclif/core';
import { reportError, requestedOutput, toRegctlError } from './report-error.js';

/**
 * Runs the command line of this process and ends the process when the work and the flush are done.
 * `load` says where the commands are, as oclif's `Config.load` takes it.
 */
export async function run(load: Interfaces.LoadOptions): Promise<void> {
  // oclif would look for TypeScript sources where NODE_ENV says test or development.
  settings.enableAutoTranspile = false;
  // A reader that went away (`| head`) is no error.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit();
      throw error;
    });
  }
  const argv = process.argv.slice(2);
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

/** What oclif throws outside a command: help was asked for (exit 0), or there is no such command. */
async function settle(error: unknown, argv: string[]): Promise<void> {
  if (error instanceof Errors.ExitError) {
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
