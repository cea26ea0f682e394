import * as Args from '@oclif/core/args';
import { BaseCommand } from '../../base-command.js';
import { useContext } from '../../operations/contexts.js';
import { contextView } from '../../render/contexts.js';

export default class ContextUse extends BaseCommand {
  static override summary = 'Make a named registry the current one.';
  static override examples = ['<%= config.bin %> <%= command.id %> staging'];
  static override args = { name: Args.string({ description: 'Name of the context.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextUse);
    await this.print(await useContext(this.contextFile(flags), args.name), contextView('Using'));
  }
}
