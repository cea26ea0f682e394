// Builds dist/: the CLI as CommonJS files that load each other when they are needed, with all packages inside but libsql,
// which is a binary, and start.cjs, which loads them with V8's code cache. `--coverage`: with source maps, for c8.
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { groups } from './bundle/chunks.js';
import { licencesOf } from './bundle/licences.js';
import { plugins } from './bundle/plugins.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const dir = `${root}dist`;
const forCoverage = process.argv.includes('--coverage');
const { commands } = JSON.parse(readFileSync(`${root}oclif.manifest.json`, 'utf8'));

const shared = {
  preserveEntrySignatures: 'allow-extension',
  cwd: root,
  platform: 'node',
  // What oclif looks for to run TypeScript, and pg for a binary of its own, is not there.
  external: [/^libsql/, 'pg-native', 'ts-node', 'tsx', 'typescript'],
  plugins: forCoverage ? [] : plugins,
  transform: { target: 'node20.19' },
};
const output = {
  dir,
  format: 'cjs',
  entryFileNames: '[name].cjs',
  chunkFileNames: '[name]-[hash].cjs',
  comments: false,
  sourcemap: forCoverage,
};

rmSync(dir, { recursive: true, force: true });
const main = await build({
  ...shared,
  input: { main: 'src/main.ts', sample: 'src/samples/main.ts' },
  output: forCoverage
    ? output
    : { ...output, codeSplitting: { groups, includeDependenciesRecursively: false } },
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
// npm makes it a command once, as it installs or links; a build after that must not undo it.
chmodSync(`${dir}/start.cjs`, 0o755);
