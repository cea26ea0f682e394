import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.js';
import { registryFlags, secretFlags } from '../flags.js';
import { eachService, listServices } from '../operations/list.js';
import { listView } from '../render/list.js';

export default class List extends BaseCommand {
  static override summary = 'List the services of the registry.';
  static override description =
    'A row a service: its status, how many of its instances are healthy, its URL and its age. The catalog of a deployed Config Service does not count instances and may be out of date; --instances asks for the live instances of every service. Sorted by name; -o ndjson prints without --instances what comes as it comes, in the order of the registry, however long the list is.';
  static override examples = [
    { description: 'All services', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'Those that are not healthy, counted by their live instances',
      command: '<%= config.bin %> <%= command.id %> --instances --status unhealthy',
    },
    {
      description: 'Names alone, for a script',
      command: "<%= config.bin %> <%= command.id %> --name 'asr-*' -o name",
    },
  ];
  static override flags = {
    status: Flags.string({ summary: 'Only services with this status.', helpValue: 'STATUS' }),
    name: Flags.string({ summary: 'Only services whose name matches this glob.', helpValue: 'GLOB' }),
    instances: Flags.boolean({
      summary: 'Ask for the instances of every service, side by side, and count them.',
    }),
    ...registryFlags,
    ...secretFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(List);
    const context = await this.open(flags);
    // What needs no order and no second look is printed while it comes.
    if (flags.output === 'ndjson' && !flags.json && !flags.instances)
      await this.printLines(eachService(flags, context));
    else await this.print(await listServices(flags, context), listView);
  }
}
