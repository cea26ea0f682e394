// Writes what can be derived: docs/commands from the manifest, docs/schemas from scripts/schemas.ts, docs/checks from the
// doctor's checks, docs/openapi.json from src/wire. `--check` writes nothing and fails where a file is not what it would write, or should not be there.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import { CHECKS } from '../src/doctor/catalogue.js';
import { describeCheck } from '../src/doctor/describe.js';
import { checkPages } from '../src/doctor/docs.js';
import { commandPages, type Manifest } from './docs/command-pages.js';
import { openapiDocument } from './openapi/document.js';
import { SCHEMAS } from './schemas.js';

const ROOT = new URL('..', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('oclif.manifest.json', ROOT), 'utf8')) as Manifest;

const FOLDERS: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  'docs/commands': commandPages(manifest, SCHEMAS),
  'docs/schemas': new Map(
    Object.entries(SCHEMAS).map(([name, { title, schema }]) => [
      `${name}.json`,
      `${JSON.stringify(jsonSchema(title, schema), null, 2)}\n`,
    ]),
  ),
  'docs/checks': checkPages(CHECKS.map(describeCheck)),
};

/** Files that share their folder with others. */
const FILES: ReadonlyMap<string, string> = new Map([
  ['docs/openapi.json', `${JSON.stringify(openapiDocument(manifest.version), null, 2)}\n`],
]);

function jsonSchema(title: string, schema: (typeof SCHEMAS)[string]['schema']): object {
  const { $schema, ...rest } = toJsonSchema(schema);
  return { $schema, title, ...rest };
}

const stale: string[] = [];
for (const [folder, files] of Object.entries(FOLDERS)) {
  const at = new URL(`${folder}/`, ROOT);
  const there = existsSync(at) ? readdirSync(at) : [];
  for (const name of there) if (!files.has(name)) stale.push(`${folder}/${name}`);
  for (const [name, text] of files) {
    if (there.includes(name) && readFileSync(new URL(name, at), 'utf8') === text) continue;
    stale.push(`${folder}/${name}`);
  }
}
for (const [path, text] of FILES) {
  const at = new URL(path, ROOT);
  if (!existsSync(at) || readFileSync(at, 'utf8') !== text) stale.push(path);
}

if (process.argv.includes('--check')) {
  if (stale.length > 0) {
    process.stderr.write(
      `Not what the code says: ${stale.join(', ')}. Run \`npm run docs\` and commit the result.\n`,
    );
    process.exitCode = 1;
  }
} else {
  for (const [folder, files] of Object.entries(FOLDERS)) {
    const at = new URL(`${folder}/`, ROOT);
    rmSync(at, { recursive: true, force: true });
    mkdirSync(at, { recursive: true });
    for (const [name, text] of files) writeFileSync(new URL(name, at), text);
  }
  for (const [path, text] of FILES) writeFileSync(new URL(path, ROOT), text);
  process.stdout.write(stale.length === 0 ? 'Nothing changed.\n' : `Written: ${stale.join(', ')}\n`);
}
