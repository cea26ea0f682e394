// The registries every command is tested against: a deployed Config Service, and `regctl serve` through each API.
import { type Replica, type ReplicaOptions, startConfigServiceReplica } from './config-service-replica.js';
import { signHs256 } from './hs256.js';
import { type CliOptions, type CliResult, type RunningCli, runCli, startCli } from './run-cli.js';

export const SECRET = 'the secret that all services share, over 32 bytes';
export const SERVICE_ID = 42;
export const OUTPUTS = ['table', 'wide', 'json', 'yaml', 'name', 'ndjson'] as const;
export type Output = (typeof OUTPUTS)[number];

/** An instance to register past the CLI: without a health URL, so that it stays what it says it is. */
export interface Seed {
  readonly id: string;
  readonly url: string;
  /** Default `healthy`. */
  readonly status?: string;
  readonly metadata?: Record<string, unknown>;
}

export interface Target {
  readonly api: 'config-service' | 'coordinator';
  readonly url: string;
  /** What an operator exports to use it. */
  readonly env: Record<string, string>;
  register(service: string, ...seeds: Seed[]): Promise<void>;
  /** The live instances as the registry lists them, past the CLI. */
  listed(service: string): Promise<ListedRow[]>;
  /** Runs the CLI with `env`; what `options` sets there comes on top. */
  run(args: readonly string[], options?: CliOptions): Promise<CliResult>;
  start(args: readonly string[], options?: CliOptions): RunningCli;
  close(): Promise<void>;
}

export interface ListedRow {
  instance_id: string;
  service_url: string;
  status: string;
  health_check_url?: string;
  service_metadata: Record<string, unknown>;
}

export interface TargetKind {
  readonly kind: string;
  /** A deployed registry, as against ours: it knows neither heartbeats nor states. */
  readonly deployed: boolean;
  readonly open: () => Promise<Target>;
}

/** For `describe.each`. */
export const TARGETS: TargetKind[] = [
  { kind: 'a deployed Config Service', deployed: true, open: async () => (await openReplica()).target },
  { kind: 'serve, Config Service API', deployed: false, open: () => openServe('config-service') },
  { kind: 'serve, Coordinator API', deployed: false, open: () => openServe('coordinator') },
];

/** The replica with the levers that make it misbehave. */
export async function openReplica(options?: ReplicaOptions): Promise<{ target: Target; replica: Replica }> {
  const replica = await startConfigServiceReplica(options);
  const env = { CONFIG_SERVICE_URL: replica.url };
  const register: Target['register'] = async (service, ...seeds) => {
    for (const { id, url, status = 'healthy', metadata } of seeds) {
      const service_metadata = { ...metadata, instance_id: id, status };
      replica.registerRaw({ service_name: service, service_url: url, service_metadata });
    }
  };
  return { replica, target: target('config-service', replica.url, env, register, () => replica.close()) };
}

/** `regctl serve` as a process of its own; through the Coordinator API it asks for tokens. */
async function openServe(api: Target['api']): Promise<Target> {
  const auth = api === 'coordinator' ? 'jwt' : 'none';
  const { url, close } = await startServe(['--memory', '--auth', auth]);
  const env: Record<string, string> =
    api === 'coordinator'
      ? { REGISTRY_URL: url, JWT_SECRET: SECRET, SERVICE_ID: String(SERVICE_ID) }
      : { CONFIG_SERVICE_URL: url };
  const register: Target['register'] = async (service, ...seeds) => {
    for (const { id, url: service_url, status = 'healthy', metadata } of seeds) {
      const body = {
        service_name: service,
        service_url,
        service_metadata: { ...metadata, instance_id: id, status },
      };
      await postJson(`${url}/api/v1/registry/register`, body, bearer());
    }
  };
  return target(api, url, env, register, close);
}

export interface Serving {
  readonly url: string;
  /** Ends it at once, as a crash would. */
  close(): Promise<void>;
}

/** Starts `regctl serve`, on a free port unless `args` name one, with the shared secret. */
export async function startServe(args: readonly string[]): Promise<Serving> {
  const port = args.includes('--port') ? [] : ['--port', '0'];
  const serve = startCli(['serve', ...port, '--log-level', 'silent', '-o', 'json', ...args], {
    env: { JWT_SECRET: SECRET },
  });
  const { url } = JSON.parse(await serve.until(/"url":"[^"]+".*\n/));
  return {
    url,
    async close() {
      serve.child.kill('SIGKILL');
      await serve.done;
    },
  };
}

/** The Authorization header of a token of the shared secret. */
export function bearer(service_id = SERVICE_ID): Record<string, string> {
  return { authorization: `Bearer ${signHs256({ service_id }, SECRET)}` };
}

/** POSTs JSON and answers the status; a 5xx throws. */
export async function postJson(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<number> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (answer.status >= 500 || answer.status === 422)
    throw new Error(`${answer.status}: ${await answer.text()}`);
  return answer.status;
}

/** The same command in every format, side by side. */
export async function inEveryFormat(
  run: Target['run'],
  args: readonly string[] | ((output: Output) => readonly string[]),
  options?: CliOptions,
): Promise<Record<Output, CliResult>> {
  const results = OUTPUTS.map(async (output) => {
    const words = typeof args === 'function' ? args(output) : args;
    return [output, await run([...words, '-o', output], options)] as const;
  });
  return Object.fromEntries(await Promise.all(results)) as Record<Output, CliResult>;
}

/** The error document of a run that failed under `--json`: the only thing on stdout. */
export function errorOf({ stdout }: CliResult): {
  code: string;
  message: string;
  hint: string;
  exit: number;
} {
  const { error, ...rest } = JSON.parse(stdout);
  if (Object.keys(rest).length > 0) throw new Error(`more than an error on stdout: ${stdout}`);
  return error;
}

function target(
  api: Target['api'],
  url: string,
  env: Record<string, string>,
  register: Target['register'],
  close: Target['close'],
): Target {
  const withEnv = (options: CliOptions = {}): CliOptions => ({ ...options, env: { ...env, ...options.env } });
  return {
    api,
    url,
    env,
    register,
    listed: async (service) => {
      const answer = await fetch(`${url}/api/v1/registry/services/${encodeURIComponent(service)}`);
      return (await answer.json()) as ListedRow[];
    },
    run: (args, options) => runCli(args, withEnv(options)),
    start: (args, options) => startCli(args, withEnv(options)),
    close,
  };
}
