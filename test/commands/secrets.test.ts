// No secret gets out: canaries are planted in every place a secret may come from, then every command runs.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CoordinatorReplica, startCoordinatorReplica } from '../support/coordinator-replica.js';
import { type Hostile, startHostile } from '../support/hostile-registry.js';
import { type CliOptions, type CliResult, emptyFolder, runCli } from '../support/run-cli.js';
import { type SampleService, startSampleService } from '../support/sample-service.js';
import { OUTPUTS } from '../support/targets.js';

const canary = (place: string) => `canary-${place}-0123456789abcdef0123456789abcdef`;
const PLACES = ['environment', 'env-file', 'file', 'stdin', 'command', 'header'] as const;
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;

/** The commands that can carry a secret somewhere; each works against the registry below. */
const COMMANDS: string[][] = [
  ['list'],
  ['describe', 'asr-service'],
  ['discover', 'asr-service', '--probe'],
  ['register', 'tts-service', '--url', 'http://tts:1'],
  ['register', 'tts-service', '--url', 'http://tts:1', '--dry-run'],
  ['deregister', 'nobody'],
  ['send', 'asr-service', '--type', 'query'],
  ['heartbeat', '--once'],
  ['mint-token'],
  ['context', 'show', '--resolved'],
  ['context', 'list'],
  ['context', 'set', 'c', '--api', 'coordinator'],
  ['doctor', '--only', 'env.*', '--only', 'registry.reachable'],
];

/** All formats come from one place; the two commands that know most are run in each of them. */
const FORMATS: Record<string, readonly string[]> = { context: OUTPUTS, send: OUTPUTS };

let coordinator: CoordinatorReplica;
let service: SampleService;
let refusing: Hostile;
beforeAll(async () => {
  coordinator = await startCoordinatorReplica({
    secret: canary('environment'),
    canList: true,
    requireHeaders: { 'X-Registry-Key': canary('header') },
  });
  service = await startSampleService({ name: 'asr-service', secret: canary('environment') });
  coordinator.registerRaw({ service_id: 7, service_name: 'asr-service', url: service.url });
  refusing = await startHostile('401');
});
afterAll(() => Promise.all([coordinator.close(), service.close(), refusing.close()]));

/** A workplace with a canary in every place; `from` is the one that counts. */
async function workplace(from: (typeof PLACES)[number]) {
  const cwd = emptyFolder();
  const XDG_CONFIG_HOME = emptyFolder();
  await writeFile(join(cwd, 'secret'), canary('file'));
  const print = `console.error('${canary('command')}'); console.log('${canary('command')}')`;
  const env = { XDG_CONFIG_HOME, SERVICE_ID: '7' };
  const context = {
    registry: coordinator.url,
    api: 'coordinator',
    secret_command: [process.execPath, '-e', print],
    headers: { 'X-Registry-Key': canary('header') },
  };
  await mkdir(join(XDG_CONFIG_HOME, 'regctl'));
  const contexts = JSON.stringify({ current: 'c', contexts: { c: context } });
  await writeFile(join(XDG_CONFIG_HOME, 'regctl', 'contexts.yaml'), contexts);
  if (from === 'env-file') await writeFile(join(cwd, '.env'), `JWT_SECRET=${canary('env-file')}\n`);
  const flags = { file: ['--secret-file', 'secret'], stdin: ['--secret-stdin'] }[from as string] ?? [];
  const environment = ['environment', 'header'].includes(from) ? { JWT_SECRET: canary('environment') } : {};
  return (args: readonly string[], options: CliOptions = {}) => {
    const takesSecret = args[0] !== 'context' || args[1] === 'show';
    return runCli([...args, ...(takesSecret ? flags : [])], {
      cwd,
      input: from === 'stdin' ? canary('stdin') : '',
      env: { ...env, ...environment, ...options.env },
    });
  };
}

/** Fails where a secret, or a token that is not the one asked for, is in what was printed. */
function expectSilence({ stdout, stderr }: CliResult, args: readonly string[]): void {
  for (const place of PLACES) {
    expect({ args, place, leaked: (stdout + stderr).includes(canary(place)) }).toEqual({
      args,
      place,
      leaked: false,
    });
  }
  expect(stderr).not.toMatch(TOKEN);
  if (args[0] !== 'mint-token') expect(stdout).not.toMatch(TOKEN);
}

describe('secrets', () => {
  it.concurrent.each(COMMANDS.map((args) => ({ args, name: args.join(' ') })))(
    'are in nothing that `$name` prints, with --debug',
    { timeout: 60_000 },
    async ({ args }) => {
      const run = await workplace('environment');
      for (const output of FORMATS[args[0] ?? ''] ?? ['wide', 'json']) {
        const result = await run([...args, '-o', output, '--debug']);
        expect([0, 1]).toContain(result.code);
        expectSilence(result, args);
      }
    },
  );

  it.each(PLACES)('from %s are used, and not shown', async (from) => {
    const run = await workplace(from);
    const [minted, shown] = await Promise.all([
      run(['mint-token', '--debug']),
      run(['context', 'show', '--resolved', '--debug']),
    ]);
    expect(minted.code).toBe(0);
    expect(minted.stdout).toMatch(TOKEN);
    expect(shown.stdout).toMatch(/^JWT_SECRET +\[secret\]/m);
    expect(shown.stdout).toMatch(/^header X-Registry-Key +\[secret\]/m);
    for (const result of [minted, shown]) expectSilence(result, ['mint-token']);
  });

  it('are in no error', { timeout: 60_000 }, async () => {
    const run = await workplace('environment');
    const send = ['send', 'asr-service', '--type', 'query'];
    const refused = ['--registry', refusing.url, '--api', 'coordinator'];
    const failures: [exit: number, args: string[], options?: CliOptions][] = [
      [2, ['list', '--secret', canary('file')]],
      [2, ['mint-token', `--token=${canary('file')}`]],
      [2, ['register', 'x', '--port', '1', '--jwt-secret', canary('file')]],
      [3, [...send, '--url', 'http://127.0.0.1:9']],
      [
        3,
        ['register', 'x', '--url', 'http://x:1', '--registry', 'http://127.0.0.1:9', '--api', 'coordinator'],
      ],
      [4, ['register', 'x', '--url', 'http://x:1', ...refused]],
      [4, ['heartbeat', '--once', ...refused]],
      [4, [...send, '--url', refusing.url]],
      [2, ['mint-token'], { env: { JWT_SECRET: canary('environment').slice(0, 20) } }],
      [2, [...send, '--secret-file', 'secret', '--secret-stdin']],
    ];
    await Promise.all(
      failures.map(async ([exit, args, options], index) => {
        const result = await run([...args, index % 2 === 0 ? '--json' : '--output=yaml', '--debug'], options);
        expect({ args, code: result.code }).toEqual({ args, code: exit });
        expectSilence(result, args);
        expect(result.stdout + result.stderr).not.toContain(canary('environment').slice(0, 20));
      }),
    );
    // They were sent, or the silence would prove nothing.
    const sent = [coordinator, service, refusing].flatMap(({ requests }) =>
      requests.flatMap(({ headers }) => headers.authorization ?? []),
    );
    expect(sent.length).toBeGreaterThan(10);
    for (const header of sent) expect(header).toMatch(TOKEN);
  });
});
