import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.js';
import { durationFlag, registryFlags, secretFlags } from '../flags.js';
import { heartbeat } from '../operations/heartbeat.js';
import { heartbeatView } from '../render/heartbeat.js';

export default class Heartbeat extends BaseCommand {
  static override summary = 'Keep an instance alive: a beat every 30 s, until a signal.';
  static override description =
    'A line a beat: whether it was accepted, how long it took, how many were missed in a row; three (90 s) mean down. Failed beats are tried again within their 30 s, backing off. Against a Config Service, which has no heartbeat, the instance is registered again as it was.';
  static override examples = [
    {
      description: 'One beat of an instance',
      command: '<%= config.bin %> <%= command.id %> asr-service asr-1 --once',
    },
    {
      description: 'By the id the Coordinator gave, until ctrl-C',
      command: '<%= config.bin %> <%= command.id %> --service-id 42',
    },
    {
      description: 'Ten beats as JSON, a line each',
      command: '<%= config.bin %> <%= command.id %> asr-service --count 10 -o ndjson',
    },
  ];
  static override args = {
    service: Args.string({ description: 'Name of the service; else SERVICE_NAME.' }),
    instance: Args.string({
      description: 'The instance; else SERVICE_INSTANCE_ID; may be left out where there is one.',
    }),
  };
  static override flags = {
    interval: durationFlag({ char: 'i', summary: 'Time between beats; 30s, or what the registry asks for.' }),
    once: Flags.boolean({ summary: 'One beat, tried once.', exclusive: ['count'] }),
    count: Flags.integer({ char: 'n', summary: 'End after this many beats.', min: 1, helpValue: 'N' }),
    ...registryFlags,
    ...secretFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Heartbeat);
    const context = await this.open(flags);
    const count = flags.once ? 1 : flags.count;
    const beats = heartbeat({ ...args, intervalMs: flags.interval, count }, context);
    await this.printEach(beats, heartbeatView, { endless: count === undefined });
  }
}
