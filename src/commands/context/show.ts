import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.js';
import { registryFlags, secretFlags } from '../../flags.js';
import { resolvedSettings } from '../../operations/resolved-settings.js';
import { settingsView } from '../../render/contexts.js';

export default class ContextShow extends BaseCommand {
  static override summary = 'Show the settings in force, and with --resolved where each comes from.';
  static override description =
    'Highest first: flag, environment, .env of this folder, context, default. Only what is set is shown, unless --resolved. Secrets are never shown.';
  static override examples = [
    { description: 'Which registry would be asked', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'Every setting with its origin',
      command: '<%= config.bin %> <%= command.id %> --resolved',
    },
  ];
  static override flags = {
    resolved: Flags.boolean({ summary: 'Every setting, also those not set.' }),
    ...registryFlags,
    ...secretFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ContextShow);
    const all = await resolvedSettings(await this.open(flags));
    await this.print(flags.resolved ? all : all.filter(({ value }) => value !== null), settingsView);
  }
}
