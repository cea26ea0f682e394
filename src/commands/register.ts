import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.js';
import { durationFlag, registryFlags, secretFlags } from '../flags.js';
import { planRegistration, registerService } from '../operations/register.js';
import { plannedCallView, registerView } from '../render/register.js';

export default class Register extends BaseCommand {
  static override summary = 'Register a service instance, or update it.';
  static override description =
    "What is not given comes from the environment by the guide's rule: SERVICE_NAME; SERVICE_PUBLIC_URL, else http://SERVICE_HOST|SERVICE_NAME:SERVICE_PORT; /health below it; SERVICE_INSTANCE_ID, else NAME-<pid>. Prints the instance id.";
  static override examples = [
    {
      description: 'From the environment alone',
      command: 'SERVICE_NAME=asr-service SERVICE_PORT=8090 <%= config.bin %> <%= command.id %>',
    },
    {
      description: 'With an address and metadata, waiting until callers can find it',
      command:
        '<%= config.bin %> <%= command.id %> asr-service --url http://asr-service:8090 --metadata version=1.4 --metadata weight:=2 --wait',
    },
    {
      description: 'See the request without sending it',
      command: '<%= config.bin %> <%= command.id %> asr-service --port 8090 --dry-run',
    },
  ];
  static override args = { name: Args.string({ description: 'Name of the service; else SERVICE_NAME.' }) };
  static override flags = {
    url: Flags.string({
      summary: 'Base URL under which callers reach it; else SERVICE_PUBLIC_URL.',
      helpValue: 'URL',
      exclusive: ['host', 'port'],
    }),
    host: Flags.string({ summary: 'Host of its URL; else SERVICE_HOST, else the name.', helpValue: 'HOST' }),
    port: Flags.string({ summary: 'Port of its URL; else SERVICE_PORT.', helpValue: 'PORT' }),
    'health-url': Flags.string({
      summary: 'Health check: a path below the URL or a whole URL.',
      default: '/health',
      helpValue: 'URL|PATH',
    }),
    'health-check': Flags.boolean({
      summary: 'Let the registry check its health.',
      allowNo: true,
      default: true,
    }),
    'instance-id': Flags.string({
      summary: 'Id of the instance; else SERVICE_INSTANCE_ID, else NAME-<pid>.',
      helpValue: 'ID',
    }),
    metadata: Flags.string({
      char: 'm',
      summary: 'Metadata: key=text or key:=JSON. Repeatable.',
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      helpValue: 'KEY=VALUE',
    }),
    'metadata-file': Flags.string({
      summary: 'Metadata: a file with a JSON object, - for standard input.',
      helpValue: 'FILE',
    }),
    status: Flags.string({
      summary: 'Status to declare; healthy unless the metadata says otherwise.',
      helpValue: 'STATUS',
    }),
    'dry-run': Flags.boolean({ summary: 'Show the request and send nothing.' }),
    wait: Flags.boolean({ summary: 'Wait until callers are handed this instance.' }),
    'wait-timeout': durationFlag({
      summary: 'How long to wait.',
      default: 60_000,
      defaultHelp: async () => '60s',
    }),
    ...registryFlags,
    ...secretFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Register);
    const context = await this.open(flags);
    const input = {
      name: args.name,
      url: flags.url,
      host: flags.host,
      port: flags.port,
      healthUrl: flags['health-url'],
      healthCheck: flags['health-check'],
      instanceId: flags['instance-id'],
      metadata: flags.metadata,
      metadataFile: flags['metadata-file'],
      status: flags.status,
    };
    if (flags['dry-run']) return this.print(await planRegistration(input, context), plannedCallView);
    const waitMs = flags.wait ? flags['wait-timeout'] : undefined;
    await this.print(await registerService({ ...input, waitMs }, context), registerView);
  }
}
