import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.js';
import { registryFlags, secretFlags } from '../flags.js';
import { discover } from '../operations/discover.js';
import { discoverAllView, discoverView } from '../render/discover.js';

export default class Discover extends BaseCommand {
  static override summary = 'Print the URL of a healthy instance of a service.';
  static override description =
    'The URL alone on stdout, so that it can stand in a command. Only healthy instances count, whatever the API returns. --probe connects first and passes over what does not answer.';
  static override examples = [
    {
      description: 'Call a service by name',
      command: 'curl "$(<%= config.bin %> <%= command.id %> asr-service)/health"',
    },
    {
      description: 'All healthy instances that answer',
      command: '<%= config.bin %> <%= command.id %> asr-service --all --probe',
    },
  ];
  static override args = {
    service: Args.string({ description: 'Name of the service; picked from the list on a terminal.' }),
  };
  static override flags = {
    all: Flags.boolean({ summary: 'All healthy instances, one a line.' }),
    probe: Flags.boolean({ summary: 'Only what answers HTTP now.' }),
    ...registryFlags,
    ...secretFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Discover);
    const context = await this.open(flags);
    const service = await this.pickService(args.service, context);
    const found = await discover({ service, all: flags.all, probe: flags.probe }, context);
    const [one] = found;
    if (flags.all || one === undefined) return this.print(found, discoverAllView);
    await this.print(one, discoverView);
  }
}
