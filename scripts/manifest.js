// Writes oclif.manifest.json from the commands, so that help needs to load none of them.
// `--check` writes nothing and fails where the file is not what it would write.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@oclif/core';
import { COMMANDS } from '../src/commands/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = `${root}oclif.manifest.json`;

/** Its commands are those of the table, in order. */
class Regctl extends Plugin {
  getCommandIDs() {
    return Object.keys(COMMANDS).sort();
  }

  async findCommand(id) {
    const { default: command } = await COMMANDS[id]();
    return Object.assign(command, { id, plugin: this });
  }
}

const plugin = new Regctl({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
const text = `${JSON.stringify(plugin.manifest, null, 2)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  process.stderr.write(
    'oclif.manifest.json is not what the commands say: run `npm run manifest` and commit it.\n',
  );
  process.exitCode = 1;
}
