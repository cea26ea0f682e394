import * as Args from '@oclif/core/args';
import { BaseCommand } from '../base-command.js';
import { registryFlags, secretFlags } from '../flags.js';
import { describeService } from '../operations/describe.js';
import { describeView } from '../render/describe.js';

export default class Describe extends BaseCommand {
  static override summary = 'Show all that the registry says of a service, and where it contradicts itself.';
  static override description =
    'The catalog row, every instance with its status, age, last heartbeat and health URL, what the registry hands out now, and in words what does not fit together. The metadata of several instances is a column, that of one, and with -o wide, is shown in full.';
  static override examples = [
    { description: 'A service', command: '<%= config.bin %> <%= command.id %> asr-service' },
    {
      description: 'One of its instances, with metadata',
      command: '<%= config.bin %> <%= command.id %> asr-service asr-1',
    },
    {
      description: 'The codes of all contradictions, for a script',
      command: "<%= config.bin %> <%= command.id %> asr-service --json | jq -r '.contradictions[].code'",
    },
  ];
  static override args = {
    service: Args.string({ description: 'Name of the service; picked from the list on a terminal.' }),
    instance: Args.string({ description: 'Only this instance.' }),
  };
  static override flags = { ...registryFlags, ...secretFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Describe);
    const context = await this.open(flags);
    const service = await this.pickService(args.service, context);
    await this.print(await describeService({ service, instance: args.instance }, context), describeView);
  }
}
