// docs/schemas against what the CLI really prints: every command once under --json, at a live registry with services in it.
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyFolder, type RunningCli, runCli, startCli } from './support/run-cli.js';
import { openReplica } from './support/targets.js';

const FOLDER = new URL('../docs/schemas/', import.meta.url);
const NAMES = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));
const SECRET = 'a secret for the schemas, 32 bytes and more';

const isTime = (text: string) => !Number.isNaN(Date.parse(text));
const ajv = new Ajv({ allErrors: true, formats: { 'date-time': isTime } });

/** What is wrong with the document; empty where it satisfies the schema of that name. */
function problems(name: string, document: unknown): string[] {
  const schema = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'));
  const validate: ValidateFunction = ajv.compile(schema);
  return validate(document)
    ? []
    : (validate.errors ?? []).map((each) => `${each.instancePath} ${each.message}`);
}

const registration = [
  'tts-service',
  '--url',
  'http://127.0.0.1:9',
  '--no-health-check',
  '--instance-id',
  'tts-1',
];

/** In this order: what is registered is deregistered afterwards. */
const RUNS: [schema: string, exit: number, args: string[]][] = [
  ['list', 0, ['list', '--instances']],
  ['describe', 0, ['describe', 'asr-service']],
  ['register-dry-run', 0, ['register', ...registration, '--dry-run']],
  ['register', 0, ['register', ...registration, '--wait']],
  ['discover', 0, ['discover', 'tts-service']],
  ['discover-all', 0, ['discover', 'asr-service', '--all', '--probe']],
  ['send-message', 0, ['send', 'asr-service', '--type', 'query', '--action', 'recordings']],
  ['send-message', 0, ['send', 'asr-service', '--type', 'event']],
  ['heartbeat', 0, ['heartbeat', 'tts-service', '--once']],
  ['deregister', 0, ['deregister', 'tts-service', '--yes']],
  ['mint-token', 0, ['mint-token']],
  ['mint-token', 0, ['mint-token', '--ttl', 'none']],
  ['context-set', 0, ['context', 'set', 'staging', '--registry', 'http://config-service:8082']],
  ['context-use', 0, ['context', 'use', 'staging']],
  ['context-list', 0, ['context', 'list']],
  ['context-show', 0, ['context', 'show', '--resolved']],
  ['context-delete', 0, ['context', 'delete', 'staging', '--yes']],
  ['doctor', 0, ['doctor', '--service', 'asr-service']],
  ['doctor', 1, ['doctor', '--service', 'no-such-service', '--only', 'registration.*']],
  ['doctor-checklist', 3, ['doctor', '--checklist', 'integration', '--service', 'asr-service']],
  ['doctor-list', 0, ['doctor', '--list']],
  ['doctor-explain', 0, ['doctor', '--explain', 'registry.reachable']],
  ['error', 1, ['describe', 'no-such-service']],
  ['error', 2, ['list', '--no-such-flag']],
  ['error', 3, ['list', '--registry', 'http://127.0.0.1:1']],
];

describe('the JSON of every command satisfies its published schema', () => {
  let serve: RunningCli;
  let serving: { url: string };
  const home = emptyFolder();

  beforeAll(async () => {
    // The samples beat every 2 s then, and the doctor sees the next one soon.
    const often = ['--down-after', '6s'];
    serve = startCli(['serve', '--samples', '--memory', '--port', '0', '--json', ...often], {
      env: { JWT_SECRET: SECRET },
    });
    await serve.until(/"secret_file":.*\n/);
    serving = JSON.parse(serve.stdout());
  }, 60_000);
  afterAll(async () => {
    serve.child.kill('SIGTERM');
    expect((await serve.done).code).toBe(0);
  });

  it.each(RUNS)('%s, exit %i: regctl %j', async (schema, exit, args) => {
    const env = {
      XDG_CONFIG_HOME: home,
      CONFIG_SERVICE_URL: serving.url,
      SERVICE_ID: '1',
      JWT_SECRET: SECRET,
    };
    const { code, stdout, stderr } = await runCli([...args, '--json'], { env });
    expect([code, stderr.includes(SECRET), stdout.includes(SECRET)]).toEqual([exit, false, false]);
    const document: unknown = JSON.parse(stdout);
    expect(problems(schema, document)).toEqual([]);
    // The schema is exact: with a field it does not know, the same document fails.
    const subject: unknown = Array.isArray(document) ? document[0] : document;
    const stranger = { ...(subject as object), 'no-such-field': 1 };
    expect(problems(schema, Array.isArray(document) ? [stranger] : stranger)).not.toEqual([]);
  });

  it('serve', () => {
    expect(problems('serve', serving)).toEqual([]);
  });

  it('every schema is held to output of the CLI', () => {
    expect(new Set(['serve', ...RUNS.map(([schema]) => schema)])).toEqual(new Set(NAMES));
  });
});

it('what contradicts itself in a deployed registry satisfies the schema of describe', async () => {
  const { target, replica } = await openReplica();
  try {
    replica.registerRaw({ service_name: 'asr-service', service_url: 'http://asr:1', service_metadata: {} });
    await target.register('nmt-service', { id: 'a', url: 'http://nmt:1' }, { id: 'b', url: 'http://nmt:1' });
    for (const service of ['asr-service', 'nmt-service']) {
      const document = JSON.parse((await target.run(['describe', service, '--json'])).stdout);
      expect(document.contradictions).not.toEqual([]);
      expect(problems('describe', document)).toEqual([]);
    }
  } finally {
    await target.close();
  }
});
