// Flags that several commands share, in groups; each command takes the groups it uses.
import { isIP } from 'node:net';
import { CLIError } from '@oclif/core/errors';
import * as Flags from '@oclif/core/flags';
import ms from 'ms';

export const OUTPUTS = ['table', 'wide', 'json', 'yaml', 'name', 'ndjson'] as const;
export type Output = (typeof OUTPUTS)[number];

/** How results are printed. */
export const outputFlags = {
  output: Flags.option({ options: OUTPUTS, default: 'table' as const })({
    char: 'o',
    helpGroup: 'OUTPUT',
    summary: 'Format of the result.',
  }),
  json: Flags.boolean({ helpGroup: 'OUTPUT', summary: 'The same as -o json.' }),
  color: Flags.boolean({
    helpGroup: 'OUTPUT',
    allowNo: true,
    summary: 'Colour or not, whatever the terminal, NO_COLOR and FORCE_COLOR say.',
  }),
  debug: Flags.boolean({
    helpGroup: 'OUTPUT',
    summary: 'Show each request and its timing on stderr, without secrets.',
  }),
  input: Flags.boolean({
    helpGroup: 'OUTPUT',
    allowNo: true,
    default: true,
    summary: 'Ask on a terminal for what is missing; --no-input never asks.',
  }),
};

/** Node's timers are 32 bits wide and fire at once beyond. */
const MAX_TIMER_MS = 24 * 86_400_000;

/** A duration such as `30s`, `5m`, `1h`; a bare number means seconds. Answers milliseconds. */
export const durationFlag = Flags.custom<number>({
  parse: async (text) => {
    const value = durationMs(text);
    if (value !== undefined && value <= MAX_TIMER_MS) return value;
    if (value !== undefined) throw new CLIError(`"${text}" is too long: a timer runs for at most 24 days`);
    throw new CLIError(`"${text}" is not a duration: write it as 500ms, 30s, 5m or 1h`);
  },
  helpValue: 'DURATION',
});

/** Milliseconds of `500ms`, `30s`, `5m`, `1h`, `30` (seconds); undefined where it is none, or not above zero. */
export function durationMs(text: string): number | undefined {
  if (!/^\d{1,9}(\.\d{1,3})?(ms|s|m|h|d)?$/.test(text)) return undefined;
  const value = /\d$/.test(text) ? Number(text) * 1000 : ms(text as ms.StringValue);
  return value > 0 && value <= 366 * 86_400_000 ? value : undefined;
}

/** An address, or a network in CIDR notation. */
export const networkFlag = Flags.custom<string>({
  parse: async (text) => {
    if (isNetwork(text)) return text;
    throw new CLIError(`"${text}" is not an address, nor a network such as 10.0.0.0/24`);
  },
  helpValue: 'ADDRESS',
});

function isNetwork(text: string): boolean {
  const [, address = '', bits = '0'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(bits) <= (version === 4 ? 32 : 128);
}

/** Which registry, and how it is reached. */
export const registryFlags = {
  registry: Flags.string({
    helpGroup: 'REGISTRY',
    helpValue: 'URL',
    summary: 'Base URL of the registry; else CONFIG_SERVICE_URL, REGISTRY_URL, .env, the context.',
  }),
  api: Flags.option({ options: ['auto', 'config-service', 'coordinator'] as const })({
    helpGroup: 'REGISTRY',
    summary: 'Which API the registry speaks; auto finds out.',
  }),
  context: Flags.string({
    helpGroup: 'REGISTRY',
    helpValue: 'NAME',
    summary: 'The named registry of `regctl context` to use.',
  }),
  'service-id': Flags.string({
    helpGroup: 'REGISTRY',
    helpValue: 'ID',
    summary: 'Integer id the Coordinator gave the service that regctl speaks for; else SERVICE_ID.',
  }),
  timeout: durationFlag({ helpGroup: 'REGISTRY', summary: 'How long a call may take (5s; a discovery 3s).' }),
  retries: Flags.integer({
    helpGroup: 'REGISTRY',
    min: 0,
    max: 10,
    summary: 'How often a call that changes nothing is sent again after a transient failure (2).',
  }),
  'ca-file': Flags.string({
    helpGroup: 'REGISTRY',
    helpValue: 'FILE',
    summary: 'PEM certificates to trust besides.',
  }),
  'cert-file': Flags.string({ helpGroup: 'REGISTRY', helpValue: 'FILE', summary: 'PEM client certificate.' }),
  'key-file': Flags.string({
    helpGroup: 'REGISTRY',
    helpValue: 'FILE',
    summary: 'PEM key of the client certificate.',
  }),
  'trust-env-file': Flags.boolean({
    helpGroup: 'REGISTRY',
    summary: 'Send tokens to a registry URL from .env although the secret came from elsewhere.',
  }),
};

/** Where the JWT secret comes from; never from an argument, which every user of the machine can read. */
export const secretFlags = {
  'secret-file': Flags.string({
    helpGroup: 'SECRET',
    helpValue: 'FILE',
    summary: 'Read the JWT secret from a file; else JWT_SECRET, .env, the context, a hidden prompt.',
    exclusive: ['secret-stdin'],
  }),
  'secret-stdin': Flags.boolean({ helpGroup: 'SECRET', summary: 'Read the JWT secret from standard input.' }),
};
