import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.js';
import { fail } from '../errors.js';
import { durationFlag, durationMs, registryFlags, secretFlags } from '../flags.js';
import { mint } from '../operations/mint-token.js';
import { mintTokenView } from '../render/mint-token.js';

export default class MintToken extends BaseCommand {
  static override summary = 'Sign a JWT in the name of a service.';
  static override description =
    'HS256 over JWT_SECRET with the integer claim service_id, as the Service Integration Guide fixes it. The token alone on stdout. A secret under 32 bytes is refused without --allow-weak-secret.';
  static override examples = [
    {
      description: 'Call a service by hand',
      command:
        'curl -H "Authorization: Bearer $(<%= config.bin %> <%= command.id %>)" http://asr-service:8090/message …',
    },
    {
      description: 'For service 42, ten minutes, with a claim',
      command: '<%= config.bin %> <%= command.id %> --service-id 42 --ttl 10m --claim role=reader',
    },
  ];
  static override flags = {
    ttl: Flags.string({ summary: 'How long it lives, or none.', default: '1h', helpValue: 'DURATION|none' }),
    claim: Flags.string({
      summary: 'A further claim: key=text or key:=JSON. Repeatable.',
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      helpValue: 'KEY=VALUE',
    }),
    audience: Flags.string({ summary: 'The aud claim.', helpValue: 'TEXT' }),
    issuer: Flags.string({ summary: 'The iss claim.', helpValue: 'TEXT' }),
    'not-before': durationFlag({ summary: 'Not valid until this long from now.' }),
    'allow-weak-secret': Flags.boolean({
      summary: 'Sign with a secret under 32 bytes or a placeholder all the same.',
    }),
    'service-id': registryFlags['service-id'],
    context: registryFlags.context,
    ...secretFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(MintToken);
    const context = await this.open(flags);
    const ttlMs = flags.ttl === 'none' ? undefined : durationMs(flags.ttl);
    if (ttlMs === undefined && flags.ttl !== 'none') {
      throw fail('USAGE', {
        what: `--ttl ${flags.ttl} is no duration.`,
        why: '',
        next: 'Write 30s, 10m, 1h or none.',
      });
    }
    const minted = await mint(
      {
        ttlMs,
        claims: flags.claim,
        audience: flags.audience,
        issuer: flags.issuer,
        notBeforeMs: flags['not-before'],
        allowWeakSecret: flags['allow-weak-secret'],
      },
      context,
    );
    await this.print(minted, mintTokenView);
  }
}
