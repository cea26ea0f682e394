// Writes oclif.manifest.json from the built commands, so that the CLI starts without loading them all.
// `--check` writes nothing and fails where the file is not what it would write.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@oclif/core';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = `${root}oclif.manifest.json`;

const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
// Commands in order, whatever order their files were found in.
const commands = Object.fromEntries(
  Object.entries(plugin.manifest.commands).sort(([a], [b]) => (a < b ? -1 : 1)),
);
const text = `${JSON.stringify({ ...plugin.manifest, commands }, null, 2)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  process.stderr.write(
    'oclif.manifest.json is not what the commands say: run `npm run manifest` and commit it.\n',
  );
  process.exitCode = 1;
}
