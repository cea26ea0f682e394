import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.js';
import { durationFlag } from '../../flags.js';
import { setContext } from '../../operations/contexts.js';
import { parseContext } from '../../operations/parse-context.js';
import { contextView } from '../../render/contexts.js';
import { CONTEXT_FIELDS } from '../../settings.js';

export default class ContextSet extends BaseCommand {
  static override summary = 'Name a registry, or change what a name stands for.';
  static override description =
    'Only the given fields change. The file is readable by its owner alone and holds no JWT secret: it names the file or the command that gives it.';
  static override examples = [
    {
      description: 'A Config Service',
      command: '<%= config.bin %> <%= command.id %> staging --registry http://config-service:8082',
    },
    {
      description: 'A Coordinator with a path and a header of its own',
      command:
        '<%= config.bin %> <%= command.id %> prod --registry https://registry.example.com --api coordinator --service-id 42 --secret-file ~/.secrets/jwt --path register=/registry/register',
    },
    {
      description: 'The secret from a password manager',
      command:
        '<%= config.bin %> <%= command.id %> prod --secret-command pass --secret-command show --secret-command jwt',
    },
  ];
  static override args = { name: Args.string({ description: 'Name of the context.', required: true }) };
  static override flags = {
    registry: Flags.string({ summary: 'Base URL of the registry.', helpValue: 'URL' }),
    api: Flags.option({ options: ['auto', 'config-service', 'coordinator'] as const })({
      summary: 'Which API it speaks.',
    }),
    'service-id': Flags.integer({
      summary: 'Integer id of the service that regctl speaks for.',
      min: 1,
      helpValue: 'ID',
    }),
    'secret-file': Flags.string({
      summary: 'File with the JWT secret.',
      helpValue: 'FILE',
      exclusive: ['secret-command'],
    }),
    'secret-command': Flags.string({
      summary: 'Program that prints the JWT secret; its arguments by repeating the flag.',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'WORD',
    }),
    timeout: durationFlag({ summary: 'How long a call may take.' }),
    'ca-file': Flags.string({ summary: 'PEM certificates to trust besides.', helpValue: 'FILE' }),
    'cert-file': Flags.string({ summary: 'PEM client certificate.', helpValue: 'FILE' }),
    'key-file': Flags.string({ summary: 'PEM key of the client certificate.', helpValue: 'FILE' }),
    path: Flags.string({
      summary: 'Path of a call that differs: register=/registry/register. Repeatable.',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'CALL=PATH',
    }),
    'header-file': Flags.string({
      summary: 'File with a header a line, NAME: VALUE, sent with every call; kept in the context.',
      helpValue: 'FILE',
    }),
    unset: Flags.option({ options: CONTEXT_FIELDS, multiple: true, multipleNonGreedy: true, default: [] })({
      summary: 'Forget a field. Repeatable.',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextSet);
    const changes = await parseContext(flags);
    await this.print(
      await setContext(this.contextFile(flags), args.name, changes, flags.unset),
      contextView('Saved'),
    );
  }
}
