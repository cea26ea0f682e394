import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.js';
import { durationFlag, networkFlag, registryFlags, secretFlags } from '../flags.js';
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
    {
      description: 'As one of several replicas behind one address',
      command:
        '<%= config.bin %> <%= command.id %> --host 0.0.0.0 --auth jwt --zookeeper zk1:2181,zk2:2181,zk3:2181 --postgres postgres://registry@postgres/registry --redis redis://redis',
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
    zookeeper: Flags.string({
      helpGroup: 'CLUSTER',
      helpValue: 'HOST:PORT,…',
      summary: 'Be one of several replicas: servers of the ZooKeeper that tells who is alive.',
      dependsOn: ['postgres'],
      exclusive: ['memory', 'data-dir', 'samples'],
    }),
    'zookeeper-base-path': Flags.string({
      helpGroup: 'CLUSTER',
      helpValue: 'PATH',
      summary: 'ZOOKEEPER_BASE_PATH of a Config Service on the same ZooKeeper.',
      default: '/services',
    }),
    postgres: Flags.string({
      helpGroup: 'CLUSTER',
      helpValue: 'URL',
      summary: 'PostgreSQL for the catalog and the audit trail: postgres://user@host:port/database.',
      dependsOn: ['zookeeper'],
    }),
    'postgres-password-file': Flags.string({
      helpGroup: 'CLUSTER',
      helpValue: 'FILE',
      summary: 'Read the password of PostgreSQL from a file; else PGPASSWORD.',
      dependsOn: ['postgres'],
    }),
    redis: Flags.string({
      helpGroup: 'CLUSTER',
      helpValue: 'URL',
      summary: 'Redis as a cache: redis://user@host:port, rediss:// for TLS.',
      dependsOn: ['zookeeper'],
    }),
    'redis-password-file': Flags.string({
      helpGroup: 'CLUSTER',
      helpValue: 'FILE',
      summary: 'Read the password of Redis from a file; else REDISCLI_AUTH.',
      dependsOn: ['redis'],
    }),
    auth: Flags.option({ options: ['jwt', 'none'] as const })({
      helpGroup: 'ACCESS',
      summary: 'Who may change anything: bearers of a token, or anyone. none on loopback, jwt elsewhere.',
    }),
    'read-only': Flags.boolean({
      helpGroup: 'ACCESS',
      summary: 'Refuse to register, deregister and evict; heartbeats and health checks go on.',
      exclusive: ['samples'],
    }),
    'tls-cert': Flags.string({
      helpGroup: 'ACCESS',
      summary: 'Certificate (PEM): serve https; read again when it changes.',
      helpValue: 'FILE',
      dependsOn: ['tls-key'],
      exclusive: ['samples'],
    }),
    'tls-key': Flags.string({
      helpGroup: 'ACCESS',
      summary: 'Key of the certificate (PEM).',
      helpValue: 'FILE',
      dependsOn: ['tls-cert'],
    }),
    'tls-client-ca': Flags.string({
      helpGroup: 'ACCESS',
      summary: 'Let in only who shows a certificate of this authority (PEM).',
      helpValue: 'FILE',
      dependsOn: ['tls-cert'],
    }),
    'trust-proxy': networkFlag({
      helpGroup: 'ACCESS',
      summary: 'Proxy in front of it, repeatable: a sender is whom its X-Forwarded-For names.',
      multiple: true,
    }),
    'down-after': durationFlag({
      helpGroup: 'LEASE',
      summary: 'Without a heartbeat for this long an instance is down (90s).',
    }),
    'evict-after': durationFlag({ helpGroup: 'LEASE', summary: 'Down for this long it is removed (10m).' }),
    'evict-unhealthy-after': durationFlag({
      helpGroup: 'LEASE',
      summary: 'Without a health check that passed for this long it is removed (24h).',
    }),
    'expiry-guard': Flags.boolean({
      helpGroup: 'LEASE',
      summary: 'Remove nothing of a service of which most is lost at once (on).',
      allowNo: true,
      default: true,
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
        engines:
          flags.zookeeper === undefined || flags.postgres === undefined
            ? undefined
            : {
                zookeeper: flags.zookeeper,
                zookeeperBasePath: flags['zookeeper-base-path'],
                postgres: flags.postgres,
                postgresPasswordFile: flags['postgres-password-file'],
                redis: flags.redis,
                redisPasswordFile: flags['redis-password-file'],
              },
        // oclif leaves out what is not given.
        readOnly: Boolean(flags['read-only']),
        version: this.config.version,
        tls: tlsOf(flags['tls-cert'], flags['tls-key'], flags['tls-client-ca']),
        trustedProxies: flags['trust-proxy'] ?? [],
        logLevel: flags['log-level'],
        downAfterMs: flags['down-after'],
        evictAfterMs: flags['evict-after'],
        evictUnhealthyAfterMs: flags['evict-unhealthy-after'],
        expiryGuard: flags['expiry-guard'],
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
