// Who may import whom (the project's architecture): read from the imports of src/, so that the map stays true.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

interface Import {
  /** A file of src/ without its extension, or the name of a package. */
  to: string;
  kind: 'value' | 'type' | 'dynamic';
}

/** Rules by the longest path that begins a file's; `types` may be imported as types alone. */
const MAY_IMPORT: Record<string, { values: string[]; types?: string[] }> = {
  // What everything may stand on: no part of ours above it.
  wire: { values: [] },
  errors: { values: [] },
  secret: { values: [] },
  terminal: { values: [] },
  monotonic: { values: [] },
  stdio: { values: ['errors', 'start/write-at-once'] },
  prompts: { values: ['render'] },
  'side-by-side': { values: [] },
  engines: { values: ['errors', 'secret'] },
  flags: { values: [] },
  undici: { values: [] },
  settings: { values: [] },
  inputs: { values: ['errors'] },

  // From the command line to the operation and back.
  start: { values: ['samples/program'], types: ['main'] },
  main: { values: ['commands/index', 'errors', 'oclif', 'report-error', 'start/version-line', 'stdio'] },
  oclif: { values: ['commands/index'] },
  commands: { values: ['base-command', 'flags', 'operations', 'render', 'errors', 'wire', 'settings'] },
  'base-command': {
    values: [
      ...['context', 'sources', 'errors', 'flags', 'monotonic', 'prompts'],
      ...['render', 'report-error', 'stdio', 'terminal'],
    ],
    types: ['host'],
  },
  'report-error': { values: ['errors', 'flags', 'render', 'stdio'] },
  render: { values: [], types: ['operations', 'doctor', 'registry-client', 'http'] },

  // What an operation may use, made from settings.
  host: { values: [], types: ['http', 'settings'] },
  'env-file': { values: ['errors', 'inputs', 'settings'] },
  sources: { values: ['context-file', 'env-file', 'errors', 'inputs'], types: ['host', 'settings'] },
  'context-file': { values: ['errors', 'wire'], types: ['settings'] },
  'secret-source': { values: ['errors', 'inputs', 'secret', 'settings'], types: ['host'] },
  'open-http': { values: ['errors', 'http', 'inputs'], types: ['host', 'settings'] },
  context: {
    values: [
      ...['errors', 'inputs', 'messaging', 'monotonic', 'open-http', 'registry-client'],
      ...['secret', 'secret-source', 'settings', 'sources', 'wire'],
    ],
    types: ['host', 'http'],
  },

  operations: {
    values: [
      ...['registry-client', 'messaging', 'doctor', 'engines', 'http', 'context-file'],
      ...['errors', 'inputs', 'settings', 'side-by-side', 'wire'],
    ],
    types: ['context', 'secret', 'registry-server/cluster/engines'],
  },

  // The parts, which know nothing of the command line and nothing of each other but what is said here.
  http: { values: ['errors', 'monotonic', 'undici'] },
  'registry-client': { values: ['wire', 'errors'], types: ['http'] },
  messaging: { values: ['wire', 'errors'], types: ['http', 'registry-client', 'secret'] },
  'registry-server': { values: ['wire', 'errors', 'engines', 'undici'] },
  samples: { values: ['http', 'messaging', 'registry-client', 'wire', 'errors', 'secret'] },
  doctor: { values: ['errors'], types: ['engines', 'http', 'registry-client', 'secret', 'settings'] },
  'doctor/catalogue': { values: ['doctor/checks'], types: ['doctor'] },
  'doctor/checks': {
    values: ['doctor', 'engines', 'registry-client', 'messaging', 'wire', 'secret', 'side-by-side'],
    types: ['errors', 'http', 'settings'],
  },
  'doctor/engines': { values: ['doctor', 'engines', 'errors', 'http/failures', 'secret'] },
  'doctor/reports': { values: [], types: ['doctor'] },
  'doctor/source': { values: ['doctor', 'wire'] },
  'doctor/run-checks': { values: ['doctor/engine'], types: ['doctor/check'] },
  'doctor/engine': { values: ['doctor/check'] },
};

/** These may also import what is named, through `import()` alone: it costs, and most commands do without it. */
const MAY_LOAD: Record<string, string[]> = { operations: ['registry-server', 'samples', 'doctor'] };

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replace(/\.ts$/, ''))
  .sort();

const sources = new Map(files.map((file) => [file, readFileSync(join(SRC, `${file}.ts`), 'utf8')]));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): Import[] {
  const code = (sources.get(file) ?? '').replace(/^\s*\/\/.*$|\/\*[\s\S]*?\*\//gm, '');
  const target = (specifier: string) =>
    specifier.startsWith('.') ? normalize(join(dirname(file), specifier)).replace(/\.js$/, '') : specifier;
  const statement = /^(?:import|export)\s+(type\s+)?(?:([\w\s{},*$]+?)\s+from\s+)?'([^']+)';/gm;
  const fixed = [...code.matchAll(statement)].map(
    ([, type, names = '', to = '']): Import => ({
      to: target(to),
      kind: type !== undefined || onlyTypes(names) ? 'type' : 'value',
    }),
  );
  // `typeof import('…')` is a type.
  const loaded = [...code.matchAll(/(typeof\s+)?import\(\s*'([^']+)'\s*\)/g)].map(
    ([, type, to = '']): Import => ({ to: target(to), kind: type === undefined ? 'dynamic' : 'type' }),
  );
  return [...fixed, ...loaded];
}

/** `{ type A, type B }`: nothing is left of it at run time. */
function onlyTypes(names: string): boolean {
  const inner = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
  const parts = inner?.split(',').map((part) => part.trim());
  return parts?.every((part) => part === '' || part.startsWith('type ')) === true;
}

/** The longest key that is the file or a folder above it. */
function areaOf(file: string): string | undefined {
  const keys = Object.keys(MAY_IMPORT).filter((key) => file === key || file.startsWith(`${key}/`));
  return keys.sort((a, b) => b.length - a.length)[0];
}

function allowed(from: string, { to, kind }: Import): boolean {
  const area = areaOf(from);
  if (area === undefined) return false;
  const rule = MAY_IMPORT[area];
  const among = (list: string[] = []) => list.some((key) => to === key || to.startsWith(`${key}/`));
  if (areaOf(to) === area && area.split('/').length === 1) return true;
  if (areaOf(to) === area && from.startsWith(`${area}/`)) return true;
  if (among(rule?.values)) return true;
  return kind === 'type' ? among(rule?.types) : kind === 'dynamic' && among(MAY_LOAD[area]);
}

it('every file of src/ has a place on the map, and the map has no place without files', () => {
  expect(files.filter((file) => areaOf(file) === undefined)).toEqual([]);
  expect(Object.keys(MAY_IMPORT).filter((area) => !files.some((file) => areaOf(file) === area))).toEqual([]);
});

it('nothing imports what the map does not let it', () => {
  const seen = files.flatMap((from) =>
    (imports.get(from) ?? [])
      .filter(({ to }) => sources.has(to))
      .filter((each) => !allowed(from, each))
      .map(({ to, kind }) => `${from} -> ${to} (${kind})`),
  );
  expect(seen).toEqual([]);
});

it('no file imports itself over others, types left aside', () => {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (path.includes(file) || done.has(file)) return;
    for (const { to, kind } of imports.get(file) ?? []) {
      if (kind !== 'type' && sources.has(to)) visit(to, [...path, file]);
    }
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

/** All that is loaded with `file`: what it imports at once, over any number of files. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  for (const { to, kind } of imports.get(file) ?? []) {
    if (kind !== 'value' || seen.has(to)) continue;
    seen.add(to);
    loadedWith(to, seen);
  }
  return seen;
}

const matching = (pattern: RegExp): string[] => files.filter((file) => pattern.test(sources.get(file) ?? ''));
const importing = (name: string): string[] =>
  files.filter((file) =>
    imports.get(file)?.some(({ to, kind }) => (to === name || to.startsWith(`${name}/`)) && kind !== 'type'),
  );

it('oclif is known to main, commands, base-command and flags alone', () => {
  expect(
    importing('@oclif/core').filter((file) => !/^(main|oclif|base-command|flags|commands\/.+)$/.test(file)),
  ).toEqual([]);
});

it('the process is touched where it begins and ends, and nowhere else', () => {
  // A group of processes can be killed by `process` alone, nextTick is its method, and a program for another Node names
  // its own.
  const places =
    /^(start\/.+|main|base-command|report-error|context|monotonic|stdio|undici\/wasm-budget|registry-server\/kept-tick|samples\/main|doctor\/inside\/(command|programs))$/;
  expect(matching(/\bprocess\.(?!\.)|'(node:)?process'/).filter((file) => !places.test(file))).toEqual([]);
  expect(matching(/\bconsole\./)).toEqual([]);
});

it('the heart of the registry is pure: it reaches neither Node nor a network nor a disk', () => {
  for (const file of ['registry-server/directory', 'registry-server/plan']) {
    const outside = [...loadedWith(file)].filter((to) => !sources.has(to) && to !== 'valibot');
    expect(outside).toEqual([]);
  }
});

it('no command loads at once what only some of its runs need', () => {
  const heavy =
    /^(@oclif\/core|undici(\/.+)?|fastify|kysely|libsql(\/.+)?|pg|ioredis|node-zookeeper-client|prom-client|@inquirer\/.+|@lezer\/.+)$/;
  const early = files
    .filter((file) => file === 'main' || file.startsWith('commands/'))
    .flatMap((file) =>
      [...loadedWith(file)].filter((to) => heavy.test(to)).map((to) => `${file} loads ${to}`),
    );
  expect(early).toEqual([]);
});

it('a grammar is loaded with its language, and a language where a file of it is read', () => {
  const grammars = [...new Set([...imports.values()].flat().map(({ to }) => to))].filter((to) =>
    to.startsWith('@lezer/'),
  );
  const users = grammars.flatMap((grammar) => importing(grammar));
  expect(users.length).toBeGreaterThan(0);
  for (const user of users) {
    expect(user).toMatch(/^doctor\/source\/languages\//);
    const early = files.filter((file) => file !== user && loadedWith(file).has(user));
    expect(early).toEqual([]);
  }
});

it('every command has its place in the table of commands, and every alias', async () => {
  const { ALIASES, COMMANDS } = await import('../src/commands/index.js');
  const ids = files
    .filter((file) => file.startsWith('commands/') && file !== 'commands/index')
    .map((file) => file.replace('commands/', '').replaceAll('/', ':'));
  expect(Object.keys(COMMANDS).sort()).toEqual(ids.sort());
  const aliases = await Promise.all(
    Object.entries(COMMANDS).map(async ([id, load]) =>
      (await load()).default.aliases.map((alias) => [alias, id]),
    ),
  );
  expect(ALIASES).toEqual(Object.fromEntries(aliases.flat()));
});
