import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.js';
import { fail } from '../errors.js';
import { registryFlags, secretFlags } from '../flags.js';
import { deregister, findInstances } from '../operations/deregister.js';
import { deregisterView } from '../render/deregister.js';

export default class Deregister extends BaseCommand {
  static override summary = 'Take an instance, or all instances of a service, out of the registry.';
  static override description =
    'Looks before and after, since the registry answers ok for what never existed: what is not registered, or is still listed afterwards, ends with exit code 1. Asks on a terminal, unless --yes.';
  static override examples = [
    {
      description: 'One instance',
      command: '<%= config.bin %> <%= command.id %> asr-service asr-1 --reason "host is being replaced"',
    },
    {
      description: 'All instances, without being asked',
      command: '<%= config.bin %> <%= command.id %> asr-service --all --yes',
    },
  ];
  static override args = {
    service: Args.string({ description: 'Name of the service; picked from the list on a terminal.' }),
    instance: Args.string({ description: 'The instance; may be left out where there is one.' }),
  };
  static override flags = {
    all: Flags.boolean({ summary: 'All instances of the service.' }),
    reason: Flags.string({ summary: 'Why, for the audit trail of the registry.', helpValue: 'TEXT' }),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask.' }),
    ...registryFlags,
    ...secretFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Deregister);
    const context = await this.open(flags);
    if (flags.all && args.instance !== undefined) {
      throw fail('USAGE', {
        what: 'Both an instance and --all are given.',
        why: '',
        next: 'Give one of them.',
      });
    }
    const service = await this.pickService(args.service, context);
    const keys = await findInstances({ service, instance: args.instance, all: flags.all }, context);
    const names = keys.map(({ instance_id }) => instance_id ?? 'its only instance').join(', ');
    if (!(await this.confirm(`Deregister ${service}: ${names}?`, flags.yes))) {
      throw fail('USAGE', {
        what: 'Nothing was deregistered:',
        why: 'the answer was no.',
        next: 'Say --yes to skip the question.',
      });
    }
    await this.print(await deregister(keys, flags.reason, context), deregisterView);
  }
}
