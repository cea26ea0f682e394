import { Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { durationFlag, registryFlags, secretFlags } from '../flags.js';
import { serve } from '../operations/serve.js';
import { serveView } from '../render/serve.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

export default class Serve extends BaseCommand {
  static override summary = 'Run a registry that answers both APIs.';
  static override description =
    'The Config Service API is under /api/v1/registry, the Coordinator API at the root. A registration is on disk before it is acknowledged. Runs until SIGINT or SIGTERM, then ends in order with exit code 0. The log goes to stderr, a JSON document a line.';
  static override examples = [
    { description: 'For this machine, on port 8082', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'For others, who need a token signed with JWT_SECRET to change anything',
      command: '<%= config.bin %> <%= command.id %> --host 0.0.0.0 --auth jwt --data-dir /var/lib/regctl',
    },
    {
      description: 'To try something: a free port, nothing kept, two services to talk to',
      command: '<%= config.bin %> <%= command.id %> --port 0 --memory --samples',
    },
  ];
  static override flags = {
    host: Flags.string({ summary: 'Address to listen on.', default: '127.0.0.1', helpValue: 'ADDRESS' }),
    port: Flags.integer({ summary: 'Port; 0 takes a free one.', default: 8082, min: 0, max: 65_535 }),
    'data-dir': Flags.string({
      summary: 'Folder for the database; else regctl/registry in the XDG data folder.',
      helpValue: 'DIR',
      exclusive: ['memory'],
    }),
    memory: Flags.boolean({ summary: 'Keep nothing on disk.' }),
    auth: Flags.option({ options: ['jwt', 'none'] as const })({
      summary: 'Who may change anything: bearers of a token, or anyone. none on loopback, jwt elsewhere.',
    }),
    'tls-cert': Flags.string({
      summary: 'Certificate (PEM): serve https; read again when it changes.',
      helpValue: 'FILE',
      dependsOn: ['tls-key'],
      exclusive: ['samples'],
    }),
    'tls-key': Flags.string({
      summary: 'Key of the certificate (PEM).',
      helpValue: 'FILE',
      dependsOn: ['tls-cert'],
    }),
    'tls-client-ca': Flags.string({
      summary: 'Let in only who shows a certificate of this authority (PEM).',
      helpValue: 'FILE',
      dependsOn: ['tls-cert'],
    }),
    'down-after': durationFlag({ summary: 'Without a heartbeat for this long an instance is down (90s).' }),
    'evict-after': durationFlag({ summary: 'Down for this long it is removed (10m).' }),
    'evict-unhealthy-after': durationFlag({
      summary: 'Without a health check that passed for this long it is removed (24h).',
    }),
    'log-level': Flags.option({ options: LOG_LEVELS, default: 'info' as const })({
      summary: 'How much is logged.',
    }),
    samples: Flags.boolean({
      summary: 'Also start two services that follow both guides, asr-service and nmt-service.',
    }),
    context: registryFlags.context,
    ...secretFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Serve);
    const context = await this.open(flags);
    const { serving, ended } = await serve(
      {
        host: flags.host,
        port: flags.port,
        dataDir: flags['data-dir'],
        memory: flags.memory,
        auth: flags.auth,
        tls: tlsOf(flags['tls-cert'], flags['tls-key'], flags['tls-client-ca']),
        logLevel: flags['log-level'],
        downAfterMs: flags['down-after'],
        evictAfterMs: flags['evict-after'],
        evictUnhealthyAfterMs: flags['evict-unhealthy-after'],
        samples: flags.samples,
      },
      context,
    );
    await this.print(serving, serveView);
    await ended;
  }
}

function tlsOf(certFile: string | undefined, keyFile: string | undefined, clientCaFile: string | undefined) {
  if (certFile === undefined || keyFile === undefined) return undefined;
  return { certFile, keyFile, ...(clientCaFile === undefined ? {} : { clientCaFile }) };
}
