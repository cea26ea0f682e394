// Errors on their way out: whatever was thrown becomes an error of the catalogue, then a text or a document.
import { type ErrorCode, fail, RegctlError } from './errors.js';
import { OUTPUTS, type Output } from './flags.js';
import { clean, cleanDeep, safeJson, wrap } from './render/text.js';
import { isTerminal, stderr, stdout, writeAll } from './stdio.js';

/** The `--json` document of an error; an allow-list, so that nothing else of it gets out (cli.md). */
export interface ErrorDocument {
  error: { code: ErrorCode; message: string; hint: string; exit: number };
}

/** The output format a command line asks for, found also where the rest of it cannot be parsed. */
export function requestedOutput(argv: readonly string[]): Output {
  const end = argv.indexOf('--');
  const flags = end === -1 ? argv : argv.slice(0, end);
  if (flags.includes('--json')) return 'json';
  for (const [index, flag] of flags.entries()) {
    const value = /^(?:-o|--output)$/.test(flag)
      ? flags[index + 1]
      : /^(?:-o=?|--output=)(.+)$/.exec(flag)?.[1];
    const found = OUTPUTS.find((output) => output === value);
    if (found !== undefined) return found;
  }
  return 'table';
}

/** The error of the catalogue that `error` is or means; oclif's are usage, anything unknown is a bug. */
export function toRegctlError(
  error: unknown,
  asked: { command: string | undefined; argv: readonly string[] },
): RegctlError {
  if (error instanceof RegctlError) return error;
  if (!(error instanceof Error)) return fail('BUG', { cause: String(error) }, error);
  // inquirer's error for ctrl-C or a closed terminal while a question is open.
  if (error.name === 'ExitPromptError')
    return fail('INTERRUPTED', { exit: 130, signal: 'SIGINT', changed: false }, error);
  if ('oclif' in error) return usage(error, asked);
  return fail('BUG', { cause: error.message }, error);
}

const SECRET_FLAG = /^--?((jwt[-_]?)?(secret|token|password)(=|$)|secret-stdin=)/i;

/** What oclif says, put as regctl puts it. Stray words are not repeated: one may be a secret. */
const REWORDED: readonly (readonly [RegExp, string])[] = [
  [/^The following errors? occurred:\s*/, ''],
  [/^Missing required flag (\w)/, 'Missing required flag --$1'],
  [/^Parsing (--\S+)\s+/, '$1: '],
  [/^(Nonexistent flags?: [^=]*)=.*/s, '$1'],
  [/^Unexpected arguments?: .*/s, 'There are more arguments than it takes'],
  [/^command ([^\s:]+) not found/i, 'There is no command $1'],
  [/^command ([^\s:]+):.* not found/is, 'There is no command $1 that takes what follows it'],
  [/\s*Note: .*/s, ''],
  [/\s+/g, ' '],
];

function usage(error: Error, asked: { command: string | undefined; argv: readonly string[] }): RegctlError {
  const command = asked.command?.replaceAll(':', ' ');
  const next = `See \`regctl ${command === undefined ? '' : `${command} `}--help\`.`;
  // What oclif says of a stray argument repeats it, and behind `--secret` that is the secret.
  if (asked.argv.some((word) => SECRET_FLAG.test(word))) {
    return fail('USAGE', {
      what: 'A secret is never given on the command line,',
      why: 'where every user of the machine can read it.',
      next: 'Use --secret-file, --secret-stdin, or JWT_SECRET in the environment.',
    });
  }
  const told = error.message.replace(/\nSee more help.*/s, '').trim();
  const what = REWORDED.reduce((text, [pattern, by]) => text.replace(pattern, by), told);
  return fail('USAGE', { what: what.endsWith('.') ? what : `${what}.`, why: '', next }, error);
}

/** Prints the error in the format asked for and sets the exit code. */
export async function reportError(
  error: RegctlError,
  output: Output,
  thrown: unknown,
  debug: boolean,
): Promise<void> {
  process.exitCode = error.exit;
  if (debug && thrown instanceof Error && error.code === 'BUG') stderr().write(`${thrown.stack}\n`);
  const document: ErrorDocument = {
    error: { code: error.code, message: clean(error.message), hint: clean(error.hint), exit: error.exit },
  };
  if (output === 'json')
    return writeAll(stdout(), `${safeJson(document, isTerminal('stdout') ? 2 : undefined)}\n`);
  if (output === 'ndjson') return writeAll(stdout(), `${safeJson(document)}\n`);
  if (output === 'yaml') {
    const { stringify } = await import('yaml');
    return writeAll(stdout(), stringify(cleanDeep(document)));
  }
  const width = (isTerminal('stderr') && process.stderr.columns) || Number.POSITIVE_INFINITY;
  const lines = [`Error: ${clean(error.message)}`, clean(error.hint)].map((line) => wrap(line, width));
  return writeAll(stderr(), `${lines.join('\n')}\n`);
}
