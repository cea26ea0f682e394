// Every command against every registry that answers as none should. By default each command meets each registry under one
// API, in one format, both in turn; with BAD_INPUT=all it meets it under every API.
import { describe, expect, it, type TestContext } from 'vitest';
import { CATALOGUE, type ErrorCode } from '../../src/errors.js';
import { HOSTILE_KINDS, type Hostile, type HostileKind, startHostile } from '../support/hostile-registry.js';
import { runCli } from '../support/run-cli.js';
import { CONTROLS, FORMATS, type Format, told } from './support/outcome.js';
import { SECRET } from './support/row.js';

const COMMANDS = {
  list: 'list',
  describe: 'describe asr-service',
  discover: 'discover asr-service',
  register: 'register asr-service --url http://asr-service.invalid:8090 --instance-id asr-1',
  deregister: 'deregister asr-service --yes',
  heartbeat: 'heartbeat asr-service --once',
  send: 'send asr-service --type query',
} as const;
const APIS = ['config-service', 'coordinator', 'auto'] as const;

type Command = keyof typeof COMMANDS;
type Api = (typeof APIS)[number];
type Outcome = ErrorCode | 'works';
/** What the most specific key that fits says. */
type Expected = Partial<Record<`${Command} ${Api}` | Command | Api, Outcome>> & { otherwise: Outcome };

/** Both answer larger than anything should; what that does to the memory is in bulk.test.ts. */
const BULK: readonly HostileKind[] = ['huge', 'gzip-bomb'];

const EXPECTED: Record<HostileKind, Expected> = {
  html: { otherwise: 'NOT_THE_API' },
  'html-502': {
    'deregister auto': 'SERVER_ERROR',
    deregister: 'INSTANCES_UNREADABLE',
    otherwise: 'SERVER_ERROR',
  },
  'text-500': { deregister: 'INSTANCES_UNREADABLE', otherwise: 'SERVER_ERROR' },
  truncated: { otherwise: 'CONNECTION_FAILED' },
  'invalid-json': { otherwise: 'NOT_THE_API' },
  // The guide fixes no answer to a heartbeat.
  empty: { 'heartbeat coordinator': 'works', otherwise: 'NOT_THE_API' },
  huge: { otherwise: 'ANSWER_TOO_LARGE' },
  // An object at the root is what a Coordinator answers.
  'wrong-object': {
    'heartbeat coordinator': 'works',
    'heartbeat auto': 'works',
    otherwise: 'NOT_THE_API',
  },
  'wrong-array': { otherwise: 'NOT_THE_API' },
  redirect: { otherwise: 'REDIRECTED' },
  silent: { otherwise: 'TIMED_OUT' },
  'slow-drip': { otherwise: 'TIMED_OUT' },
  '401': { otherwise: 'UNAUTHORIZED' },
  '403': { otherwise: 'FORBIDDEN' },
  '404': {
    'list coordinator': 'CANNOT_LIST',
    'register coordinator': 'NOT_THE_API',
    'heartbeat coordinator': 'NOT_HEARTBEATING',
    coordinator: 'SERVICE_NOT_FOUND',
    otherwise: 'NOT_THE_API',
  },
  '422': { otherwise: 'REGISTRY_REFUSED_INPUT' },
  reset: { otherwise: 'CONNECTION_FAILED' },
  'plain-http': { otherwise: 'TLS_FAILED' },
  'self-signed': { otherwise: 'TLS_FAILED' },
  // These two answer what is read as a Config Service does, and 404 to everything else.
  gzip: {
    'list coordinator': 'CANNOT_LIST',
    coordinator: 'NOT_THE_API',
    list: 'works',
    describe: 'works',
    discover: 'works',
    send: 'NO_HEALTHY_INSTANCE',
    otherwise: 'NOT_THE_API',
  },
  'gzip-bomb': { otherwise: 'ANSWER_TOO_LARGE' },
  unusual: {
    'list coordinator': 'CANNOT_LIST',
    coordinator: 'NOT_THE_API',
    list: 'works',
    register: 'NOT_THE_API',
    heartbeat: 'NOT_HEARTBEATING',
    otherwise: 'SERVICE_NOT_FOUND',
  },
};

/** What a command may send besides GET, by the end of its path; to the registry alone. */
const WRITES: Partial<Record<Command, RegExp>> = {
  register: /\/register$/,
  deregister: /\/deregister(\?.*)?$/,
  heartbeat: /\/(heartbeat|register)$/,
};

function expected(kind: HostileKind, command: Command, api: Api): Outcome {
  const { otherwise, ...keyed } = EXPECTED[kind];
  return keyed[`${command} ${api}`] ?? keyed[api] ?? keyed[command] ?? otherwise;
}

async function meet(
  { kind, command, api, format }: { kind: HostileKind; command: Command; api: Api; format: Format },
  test: TestContext,
): Promise<void> {
  const hostile = await startHostile(kind);
  test.onTestFinished(() => hostile.close());
  const timeout = kind === 'silent' || kind === 'slow-drip' ? '1s' : '20s';
  const options = ['--api', api, '--registry', hostile.url, '--timeout', timeout, '-o', format];
  const result = await runCli([...COMMANDS[command].split(' '), ...options], {
    env: { SERVICE_ID: '42', JWT_SECRET: SECRET },
  });

  const outcome = expected(kind, command, api);
  if (outcome === 'works') {
    expect(result).toMatchObject({ code: 0, signal: null });
    expect(result.stdout + result.stderr).not.toMatch(CONTROLS);
  } else {
    const { exit, code } = told(result, format);
    expect({ exit, code }).toEqual({
      exit: CATALOGUE[outcome].exit,
      code: code === undefined ? undefined : outcome,
    });
  }
  expectOnly(WRITES[command], hostile);
}

/** A request that changes something goes once, where it belongs; a redirect's other origin hears nothing. */
function expectOnly(allowed: RegExp | undefined, hostile: Hostile): void {
  const writes = hostile.requests.filter(({ method }) => method !== 'GET').map(({ path }) => path);
  expect(writes.filter((path) => allowed?.test(path) !== true)).toEqual([]);
  expect(new Set(writes).size).toBe(writes.length);
  expect(hostile.elsewhere?.requests ?? []).toEqual([]);
}

const all = process.env.BAD_INPUT === 'all';
const kinds = HOSTILE_KINDS.filter((kind) => !BULK.includes(kind));
const commands = Object.keys(COMMANDS) as Command[];

for (const [row, kind] of kinds.entries()) {
  describe.concurrent(kind, () => {
    for (const [column, command] of commands.entries()) {
      for (const [index, api] of APIS.entries()) {
        if (!all && index !== (row + column) % APIS.length) continue;
        // There are more commands than formats: each registry's error is seen in all of them.
        const format = FORMATS[(row + column + index) % FORMATS.length] ?? 'json';
        const name = `${command} --api ${api} -o ${format}: ${expected(kind, command, api)}`;
        it(name, { timeout: 60_000 }, (test) => meet({ kind, command, api, format }, test));
      }
    }
  });
}
