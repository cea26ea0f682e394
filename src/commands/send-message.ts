import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.js';
import { fail } from '../errors.js';
import { registryFlags, secretFlags } from '../flags.js';
import { sendMessage } from '../operations/send-message.js';
import { sendMessageView } from '../render/send-message.js';
import { MESSAGE_TYPES } from '../wire/message.js';

export default class SendMessage extends BaseCommand {
  static override summary = 'Send a signed message with a trace id to a service.';
  static override description =
    'Discovers a healthy instance, signs a token that lives for a minute, posts the message to /message and prints the result; the trace id and the route go to stderr. Another healthy instance is tried only where the request certainly never left.';
  static override aliases = ['send'];
  static override examples = [
    { description: 'A query', command: '<%= config.bin %> send asr-service --type query --action ping' },
    {
      description: 'A payload of texts and JSON values',
      command:
        '<%= config.bin %> send asr-service --type command --action transcribe --set audio_id=greeting --set words:=true',
    },
    {
      description: 'A payload from a file, under a trace id of your own',
      command:
        '<%= config.bin %> send asr-service --type event --payload @event.json --trace-id 0f8fad5b-d9cb-469f-a165-70867728950e',
    },
  ];
  static override args = {
    service: Args.string({ description: 'Name of the service; picked from the list on a terminal.' }),
  };
  static override flags = {
    type: Flags.option({ options: MESSAGE_TYPES, required: true })({
      char: 't',
      summary: 'Type of the message.',
    }),
    payload: Flags.string({
      char: 'p',
      summary: 'Payload: a JSON object, @FILE, or - for standard input.',
      helpValue: 'JSON|@FILE|-',
    }),
    action: Flags.string({ char: 'a', summary: 'The action in the payload.', helpValue: 'NAME' }),
    set: Flags.string({
      char: 's',
      summary: 'A field of the payload: key=text or key:=JSON. Repeatable.',
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      helpValue: 'KEY=VALUE',
    }),
    'trace-id': Flags.string({ summary: 'Trace id; a new UUID without it.', helpValue: 'ID' }),
    instance: Flags.string({
      summary: 'Send to this instance, healthy or not.',
      helpValue: 'ID',
      exclusive: ['url'],
    }),
    url: Flags.string({ summary: 'Send to this base URL without asking the registry.', helpValue: 'URL' }),
    ...registryFlags,
    ...secretFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SendMessage);
    const context = await this.open(flags);
    if (flags.payload === '-' && flags['secret-stdin']) {
      throw fail('USAGE', {
        what: 'Both --payload - and --secret-stdin read standard input.',
        why: '',
        next: 'Give the secret with --secret-file or JWT_SECRET.',
      });
    }
    const service = await this.pickService(args.service, context);
    const { type, payload, action, set, instance, url } = flags;
    const sent = await sendMessage(
      { service, type, payload, action, set, traceId: flags['trace-id'], instance, url },
      context,
    );
    await this.print(sent, sendMessageView);
  }
}
