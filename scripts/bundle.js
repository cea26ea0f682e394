// Builds dist/: the CLI as CommonJS files that load each other when they are needed, with all packages inside but libsql,
// which is a binary, and start.cjs, which loads them with V8's code cache. `--coverage`: with source maps, for c8.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { licencesOf } from './licences.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const dir = `${root}dist`;
const forCoverage = process.argv.includes('--coverage');
const { commands } = JSON.parse(readFileSync(`${root}oclif.manifest.json`, 'utf8'));

/** An import of CommonJS as it was compiled, with what makes a module of it: all uses of NAME are `NAME.member`. */
const IMPORT =
  /^(?:const|let|var) (?<name>[\w$]+) = (?<value>(?:__importDefault|__importStar)?\(?require\("(?<from>[^"]+)"\)\)?);(?:\n\k<name> = (?<wrap>\S+\()\k<name>(?<rest>.*\));)?$/gm;

/** Makes imports calls that load when they are used first, once; `which` says of what. */
function lazily(code, which) {
  const names = [];
  const lazy = code.replace(IMPORT, (statement, ...found) => {
    const { name, value, from, wrap = '', rest = '' } = found.at(-1);
    if (!which(from)) return statement;
    names.push(name);
    return `let ${name}$; function ${name}() { return ${name}$ ??= ${wrap}${value}${rest}; }`;
  });
  return names.reduce((text, name) => {
    // A spread ends in a dot, too.
    const use = `(?<![\\w$]|(?<!\\.\\.)\\.)${name.replaceAll('$', '\\$')}`;
    const made = text.replace(new RegExp(`${use}(?=\\.|\\))`, 'g'), () => `(${name}())`);
    const other = new RegExp(`${use}(?![\\w$(])`);
    if (other.test(made.replace(/require\("[^"]+"\)/g, '')))
      throw new Error(`${name} is used in another way`);
    return made;
  }, lazy);
}

/** oclif loads all of itself for any part of it. */
const lazyOclif = {
  name: 'lazy-oclif',
  transform: { filter: { id: /@oclif\/core\/lib\/.*\.js$/ }, handler: (code) => lazily(code, () => true) },
};

/** undici loads node:http2 for connections that regctl never makes. */
const lazyHttp2 = {
  name: 'lazy-http2',
  transform: {
    filter: { id: /undici\/lib\/dispatcher\/client\.js$/ },
    handler: (code) =>
      code.replace(/const connectH2 = (require\([^)]+\))/, 'const connectH2 = (...args) => $1(...args)'),
  },
};

/** jsonwebtoken asks semver for what is so on every Node that regctl runs on. */
const knownNode = {
  name: 'known-node',
  transform: {
    filter: { id: /jsonwebtoken\/lib\/(ps|asymmetricKeyDetails|rsaPssKeyDetails)Supported\.js$/ },
    handler: () => 'module.exports = true;',
  },
};

/**
 * Node's own modules take milliseconds each, and a chunk holds much that one of its users needs. Replicas need no SQLite,
 * and where it cannot be loaded its user says so.
 */
const lazyChunks = {
  name: 'lazy-chunks',
  renderChunk: (code) =>
    lazily(code, (from) => isBuiltin(from) || from === 'libsql' || from.startsWith('./')),
};

/** Read as bytes where each is a character; V8 takes less time for it, too. */
const ascii = {
  name: 'ascii',
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      chunk.code = chunk.code.replace(
        /[\u0080-\uffff]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
    }
  },
};

const shared = {
  preserveEntrySignatures: 'allow-extension',
  cwd: root,
  platform: 'node',
  // What oclif looks for to run TypeScript, and pg for a binary of its own, is not there.
  external: [/^libsql/, 'pg-native', 'ts-node', 'tsx', 'typescript'],
  plugins: forCoverage ? [] : [lazyOclif, lazyHttp2, knownNode, lazyChunks, ascii],
  transform: { target: 'node20.19' },
};
/**
 * Chunks by when they are needed: what is read takes time, also where it is not run, and so does each file. Parts of
 * packages that few runs need come first, then what every command needs, then what every request does.
 */
const CHUNKS = {
  'oclif-rest':
    /@oclif\/core\/lib\/(help|ux|config|module-loader|performance|util\/(read|find|cache|determine|os))|node_modules\/(ejs|cli-spinners|color-|wrap-ansi|ansis|ansi-escapes|ansi-styles|minimatch|fdir|tinyglobby|lilconfig|brace-expansion|balanced-match|is-wsl|is-docker|get-package-type|clean-stack|widest-line)/,
  'undici-rest': /undici\/lib\/(web|encoding|llhttp\/llhttp-wasm|dispatcher\/client-h2|dispatcher\/env)/,
  picomatch: /node_modules\/picomatch/,
  command:
    /@oclif\/core|node_modules\/ms\/|src\/(base-command|context|env-file|errors|flags|host|inputs|open-http|report-error|secret|secret-source|settings|sources|terminal|render\/(style|text|trace|view))\.ts$/,
  request: /node_modules\/(undici|valibot)|src\/(http|registry-client|undici|wire)\//,
};
const groups = Object.entries(CHUNKS).map(([name, test]) => ({ name, test }));

const output = {
  dir,
  format: 'cjs',
  entryFileNames: '[name].cjs',
  chunkFileNames: '[name]-[hash].cjs',
  comments: false,
  codeSplitting: { groups, includeDependenciesRecursively: false },
  sourcemap: forCoverage,
};

rmSync(dir, { recursive: true, force: true });
const main = await build({
  ...shared,
  input: { main: 'src/main.ts', sample: 'src/samples/main.ts' },
  output,
});
writeFileSync(
  `${dir}/THIRD-PARTY-LICENCES.txt`,
  licencesOf(main.output.flatMap(({ moduleIds }) => moduleIds ?? [])),
);
const hash = createHash('sha256');
for (const { fileName, code } of main.output) hash.update(fileName).update(code ?? '');
const ids = Object.entries(commands).flatMap(([id, { aliases }]) => [id, ...aliases]);
await build({
  ...shared,
  input: { start: 'src/start/start.ts' },
  transform: {
    ...shared.transform,
    define: {
      REGCTL_COMMAND_WORDS: JSON.stringify([...new Set(ids.map((id) => id.split(':')[0]))]),
      REGCTL_BUILD: JSON.stringify(hash.digest('hex').slice(0, 16)),
    },
  },
  output,
});
