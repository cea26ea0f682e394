// All of oclif, for what is no command that runs: help, topics, misspellings, nothing at all.
import type { Command } from '@oclif/core/command';
import type { Manifest, PJSON, Plugin } from '@oclif/core/interfaces';
import { run } from '@oclif/core/run';
import manifestFile from '../oclif.manifest.json' with { type: 'json' };
import pjson from '../package.json' with { type: 'json' };
import { COMMANDS } from './commands/index.js';

/** Runs oclif's own main: throws ExitError where help was asked for, CLIError where there is no such command. */
export async function runOclif(argv: string[]): Promise<void> {
  const plugin = regctl();
  await run(argv, { root: plugin.root, plugins: new Map([[plugin.name, plugin]]) });
}

/** regctl as a plugin that is loaded already: its commands are those of the manifest and the table, not files to look for. */
function regctl(): Plugin {
  const { commands, version } = manifestFile as unknown as Manifest;
  const { name, oclif } = pjson;
  const root = import.meta.dirname;
  const find = async (id: string): Promise<Command.Class> => {
    const found = await COMMANDS[id]?.();
    if (found === undefined) throw new Error(`no command ${id}`);
    return Object.assign(found.default, { id });
  };
  const topics = Object.entries(oclif.topics).map(([topic, words]) => ({ name: topic, ...words }));
  return {
    _base: `${name}@${version}`,
    alias: name,
    name,
    version,
    root,
    options: { root },
    pjson: pjson as unknown as PJSON,
    type: 'core',
    moduleType: 'module',
    isRoot: true,
    valid: true,
    hasManifest: true,
    hooks: {},
    topics,
    commandsDir: undefined,
    commandIDs: Object.keys(commands),
    commands: Object.values(commands).map((command) => ({ ...command, load: () => find(command.id) })),
    findCommand: (id: string) => find(id),
    load: async () => undefined,
  };
}
