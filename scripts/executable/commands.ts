// Runs every command of regctl once, as bundle or as executable, against a registry with two services.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { PROGRAM_VARIABLE, SAMPLE_PROGRAM } from '../../src/samples/program.js';

const PATIENCE_MS = 60_000;
const SECRET = 'a secret for the build alone, 32 bytes and more';
const SERVE = ['serve', '--memory', '--port', '0', '--json'];
const TTS = [
  'register',
  'tts-service',
  '--url',
  'http://127.0.0.1:9',
  '--no-health-check',
  '--instance-id',
  'tts-1',
];
const TRANSLATE = ['nmt-service', '--type', 'query', '--action', 'translate', '--set', 'audio_id=platform'];

/** What is usual comes first: what a later run of the same command compiles is kept as far as it is another chunk. */
const RUNS: readonly (readonly string[])[] = [
  ['--version'],
  ['--help'],
  ['help', 'list'],
  TTS,
  [...TTS, '--json'],
  ['list'],
  ['list', '--instances'],
  ['list', '--json'],
  ['list', '-o', 'yaml'],
  ['describe', 'asr-service'],
  ['describe', 'asr-service', '--json'],
  ['discover', 'asr-service'],
  ['discover', 'asr-service', '--json'],
  ['send', ...TRANSLATE, '--set', 'target=es'],
  ['send', ...TRANSLATE, '--set', 'target=es', '--json'],
  ['send-message', ...TRANSLATE, '--set', 'target=es'],
  ['heartbeat', 'asr-service', 'asr-service-1', '--once'],
  ['heartbeat', 'asr-service', 'asr-service-1', '--once', '--json'],
  ['mint-token'],
  ['mint-token', '--json'],
  ['doctor', '--service', 'asr-service'],
  ['doctor', '--service', 'asr-service', '--json'],
  ['deregister', 'tts-service', 'tts-1', '--reason', 'done'],
  ['context', 'set', 'here', '--registry', 'http://127.0.0.1:9'],
  ['context', 'list'],
  ['context', 'show', '--resolved'],
];

/** `command` is what stands before the arguments; `extra` is the environment of what is to be watched. */
export async function runEveryCommand(
  [program, ...before]: readonly [string, ...string[]],
  extra: NodeJS.ProcessEnv,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'regctl-build-'));
  const log = openSync(join(folder, 'log'), 'a+');
  const plain: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: folder,
    JWT_SECRET: SECRET,
    SERVICE_ID: '1',
    NODE_DISABLE_COMPILE_CACHE: '1',
  };
  const watched = { ...plain, NODE_DISABLE_COMPILE_CACHE: '', ...extra };
  const start = (args: readonly string[], env: NodeJS.ProcessEnv) =>
    spawn(program, [...before, ...args], {
      cwd: folder,
      env,
      stdio: ['ignore', args.length === 0 ? log : 'pipe', log, 'ipc'],
    });
  const run = (args: readonly string[], env: NodeJS.ProcessEnv) =>
    promisify(execFile)(program, [...before, ...args], { cwd: folder, env, timeout: PATIENCE_MS });
  // They beat three times before they count as down, and the doctor waits for the next one.
  const registry = start([...SERVE, '--samples', '--down-after', '6s'], plain);
  try {
    const at = { CONFIG_SERVICE_URL: await urlOf(registry) };
    for (const args of RUNS) await run(args, { ...watched, ...at });
    // Short: V8 forgets what a long run compiled for its start.
    const serve = start(SERVE, watched);
    await run(['list'], { ...plain, CONFIG_SERVICE_URL: await urlOf(serve) });
    serve.kill('SIGTERM');
    await ended(serve);
    const service = { SERVICE_NAME: 'nmt-service', SERVICE_HOST: '127.0.0.1', SERVICE_PORT: '0' };
    const both = { ...at, REGISTRY_URL: at.CONFIG_SERVICE_URL };
    const sample = start([], { ...watched, ...both, ...service, [PROGRAM_VARIABLE]: SAMPLE_PROGRAM });
    await Promise.race([once(sample, 'message'), ended(sample).then(() => assert.fail('it ended at once'))]);
    sample.disconnect();
    await ended(sample);
  } catch (error) {
    process.stderr.write(readFileSync(join(folder, 'log')));
    throw error;
  } finally {
    registry.kill('SIGTERM');
    await ended(registry);
    closeSync(log);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where a registry listens that was just started. */
async function urlOf(serve: ChildProcess): Promise<string> {
  assert(serve.stdout !== null);
  const lines = once(createInterface(serve.stdout), 'line');
  const [line] = await Promise.race([lines, ended(serve).then(() => assert.fail('regctl serve ended'))]);
  return JSON.parse(line).url;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  assert.equal(child.exitCode, 0, `${child.spawnargs.join(' ')} ended in order`);
}
