import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.js';
import { fail } from '../../errors.js';
import { deleteContext } from '../../operations/contexts.js';
import { contextView } from '../../render/contexts.js';

export default class ContextDelete extends BaseCommand {
  static override summary = 'Forget a named registry.';
  static override examples = ['<%= config.bin %> <%= command.id %> staging --yes'];
  static override args = { name: Args.string({ description: 'Name of the context.', required: true }) };
  static override flags = { yes: Flags.boolean({ char: 'y', summary: 'Do not ask.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextDelete);
    const path = this.contextFile(flags);
    if (!(await this.confirm(`Delete context ${args.name}?`, flags.yes))) {
      throw fail('USAGE', {
        what: 'Nothing was deleted:',
        why: 'the answer was no.',
        next: 'Say --yes to skip the question.',
      });
    }
    await this.print(await deleteContext(path, args.name), contextView('Deleted'));
  }
}
