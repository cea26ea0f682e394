import { BaseCommand } from '../../base-command.js';
import { listContexts } from '../../operations/contexts.js';
import { contextsView } from '../../render/contexts.js';

export default class ContextList extends BaseCommand {
  static override summary = 'List the named registries.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<void> {
    const { flags } = await this.parse(ContextList);
    await this.print(await listContexts(this.contextFile(flags)), contextsView);
  }
}
