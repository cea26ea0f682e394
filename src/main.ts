import type { Config } from '@oclif/core/config';
// From its own file: the index also loads semver.
import { ExitError } from '@oclif/core/errors';
import { settings } from '@oclif/core/settings';
import pjson from '../package.json' with { type: 'json' };
import { ALIASES, COMMANDS } from './commands/index.js';
import { reportError, requestedOutput, toRegctlError } from './report-error.js';
import { VERSION_LINE } from './start/version-line.js';
import { flush, mindOutput, stdout } from './stdio.js';

/** Runs the command line of this process and ends the process when the work and the flush are done. */
export async function run(): Promise<void> {
  // oclif would look for TypeScript sources where NODE_ENV says test or development.
  settings.enableAutoTranspile = false;
  const argv = process.argv.slice(2);
  // `regctl help list` is what people type; oclif's own help command is a package of its own.
  if (argv[0] === 'help') argv.splice(0, argv.length, ...argv.slice(1), '--help');
  try {
    await dispatch(argv);
  } catch (error) {
    await settle(error, argv);
  }
  await flush();
  // On Node 20 a process that made a request lingers for 85 ms; the work is done, so it ends here.
  process.exit();
}

/**
 * Runs a command without oclif's configuration, which brings help, globbing and templates and takes longer than most
 * commands; what is not plainly a command goes to all of oclif.
 */
async function dispatch(argv: string[]): Promise<void> {
  if (argv[0] === '--version') {
    stdout().write(`${VERSION_LINE}\n`);
    return;
  }
  const found = commandOf(argv);
  if (found === undefined || asksForHelp(argv)) {
    const { runOclif } = await import('./oclif.js');
    mindOutput();
    return runOclif(argv);
  }
  const { default: command } = await found.load();
  command.id = found.id;
  await command.start(found.rest, CONFIG);
}

/** The command that the first words name, with what follows them. */
function commandOf(argv: string[]) {
  for (const words of [1, 2]) {
    if (argv.length < words) return undefined;
    const name = argv.slice(0, words).join(':');
    const id = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
    const load = id !== undefined && Object.hasOwn(COMMANDS, id) ? COMMANDS[id] : undefined;
    if (id !== undefined && load !== undefined) return { id, load, rest: argv.slice(words) };
  }
  return undefined;
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--help');
}

/** What a command that runs asks of oclif's configuration. */
const CONFIG = {
  bin: pjson.oclif.bin,
  name: pjson.name,
  version: pjson.version,
  userAgent: VERSION_LINE,
  topicSeparator: ':',
  runHook: async () => ({ successes: [], failures: [] }),
  scopedEnvVar: () => undefined,
  scopedEnvVarKeys: () => [],
} as unknown as Config;

/** What oclif throws outside a command: help was asked for (exit 0), or there is no such command. */
async function settle(error: unknown, argv: string[]): Promise<void> {
  if (error instanceof ExitError) {
    process.exitCode = error.oclif.exit ?? 0;
    return;
  }
  const found = toRegctlError(error, { command: undefined, argv });
  await reportError(found, requestedOutput(argv), error, argv.includes('--debug'));
}
