// The files of a folder of code: those in a known language, and what was left out and why.
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { languageOf } from './language.js';

export type Walked =
  | { kind: 'code'; path: string; file: string }
  /** Tests may write down what a service may not. */
  | { kind: 'test' }
  /** A folder or file of somebody else, or made by a tool. */
  | { kind: 'left-out'; name: string }
  | { kind: 'unreadable'; path: string; cause: string };

/** Not written here: installed, built or generated. Hidden folders and virtual environments are left out too. */
const FOREIGN = new Set([
  ...[
    'node_modules',
    'bower_components',
    'vendor',
    'third_party',
    'site-packages',
    '__pycache__',
    'venv',
    'virtualenv',
  ],
  ...['dist', 'build', 'out', 'target', 'coverage', 'htmlcov', 'bin', 'obj'],
]);
const GENERATED = /(\.min\.[cm]?js|\.d\.[cm]?ts|_pb2(_grpc)?\.py|\.pb(\.gw)?\.go|_generated\.go)$/;
const TEST_FOLDER = /^(tests?|__tests__|__mocks__|specs?|testdata|fixtures|e2e|testing)$/i;
const TEST_FILE =
  /(^test_.*\.pyw?|_test\.pyw?|^conftest\.py|_test\.go|[.-](test|spec)\.[cm]?[jt]sx?|(Tests?|IT|TestCase)\.java)$/;

/**
 * The files below `file` (absolute), named in reports from `path` on, in the order of their names. Links are not
 * followed: what they lead to is here anyway, or is not this code. Throws the file system's error for `file` itself.
 */
export async function* walk(file: string, path: string): AsyncGenerator<Walked> {
  if (!(await stat(file)).isDirectory()) {
    if (languageOf(file) !== undefined) yield { kind: 'code', path, file };
    return;
  }
  yield* entriesOf(file, path, await readdir(file, { withFileTypes: true }));
}

async function* entriesOf(
  folder: string,
  path: string,
  entries: Awaited<ReturnType<typeof list>>,
): AsyncGenerator<Walked> {
  if (entries.some(({ name }) => name === 'pyvenv.cfg')) {
    yield { kind: 'left-out', name: basename(folder) };
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name } = entry;
    const at = path === '' ? name : `${path}/${name}`;
    const file = join(folder, name);
    if (entry.isDirectory()) {
      if (name.startsWith('.')) continue;
      if (FOREIGN.has(name)) yield { kind: 'left-out', name };
      else if (TEST_FOLDER.test(name)) yield { kind: 'test' };
      else
        try {
          yield* entriesOf(file, at, await list(file));
        } catch (error) {
          yield {
            kind: 'unreadable',
            path: at,
            cause: error instanceof Error ? error.message : String(error),
          };
        }
    } else if (languageOf(name) !== undefined) {
      if (entry.isSymbolicLink()) yield { kind: 'left-out', name: 'links' };
      else if (TEST_FILE.test(name)) yield { kind: 'test' };
      else if (GENERATED.test(name)) yield { kind: 'left-out', name: 'generated files' };
      else if (entry.isFile()) yield { kind: 'code', path: at, file };
    }
  }
}

function list(folder: string) {
  return readdir(folder, { withFileTypes: true });
}
