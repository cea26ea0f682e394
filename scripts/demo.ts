// `npm run demo`: a registry with two real services, and every step of an operator's day against them as real processes.
// Ends with the doctor's exit code. `npm run demo -- --stay` keeps it up for your own commands.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COLOURS } from '../src/render/colours.js';
import { PLAIN } from '../src/render/style.js';
import { useColour } from '../src/terminal.js';
import { REGCTL, type Stage, serveCommand, serveSamples } from './demo/serve.js';

const style = useColour(process.stdout, process.env, undefined) ? COLOURS : PLAIN;
const stay = process.argv.includes('--stay');
const interrupted = new AbortController();
for (const [signal, exit] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => interrupted.abort(exit));
}

/** The environment without what this machine's owner has set for other registries. */
function clean(folder: string): NodeJS.ProcessEnv {
  const foreign = /^(SERVICE_|REGCTL_|CONFIG_SERVICE_URL$|REGISTRY_URL$|JWT_SECRET$|(https?|no)_proxy$)/i;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(kept), XDG_CONFIG_HOME: folder };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function step(title: string): void {
  say(`\n${style.good('▌')} ${style.bold(title)}`);
}

function echo(command: readonly string[]): void {
  const words = command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`));
  say(`${style.dim('$')} ${style.bold(words.join(' '))}`);
}

/** Runs a program with its output on this terminal; answers its exit code. */
async function run(program: string, args: string[], at: Surroundings): Promise<number> {
  const child = spawn(program, args, {
    cwd: at.folder,
    env: at.environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = () => child.kill('SIGTERM');
  interrupted.signal.addEventListener('abort', stop);
  const [code] = (await Promise.race([once(child, 'exit'), at.stage.lost])) as [number | null];
  interrupted.signal.removeEventListener('abort', stop);
  interrupted.signal.throwIfAborted();
  return code ?? 1;
}

interface Surroundings {
  stage: Stage;
  folder: string;
  environment: NodeJS.ProcessEnv;
}

async function regctl(args: string[], at: Surroundings): Promise<number> {
  echo(['regctl', ...args]);
  return run(process.execPath, [REGCTL, ...args], at);
}

/** As `regctl`, for the steps the rest builds upon: anything but exit code 0 ends the demo. */
async function must(args: string[], at: Surroundings): Promise<void> {
  const code = await regctl(args, at);
  if (code !== 0) throw new Error(`regctl ${args[0]} ended with exit code ${code}`);
}

/** What a service, and an operator beside it, has in its environment. */
function settings({ url, samples }: Stage): Record<string, string> {
  const [asr] = samples;
  if (asr === undefined) throw new Error('regctl serve --samples started no service');
  const address = new URL(asr.url);
  return {
    CONFIG_SERVICE_URL: url,
    SERVICE_NAME: asr.name,
    SERVICE_HOST: address.hostname,
    SERVICE_PORT: address.port,
    SERVICE_INSTANCE_ID: asr.instance_id,
    SERVICE_ID: String(asr.service_id),
  };
}

function showExports(stage: Stage): void {
  for (const [name, value] of Object.entries(settings(stage))) say(`export ${name}=${value}`);
  say(`export JWT_SECRET="$(cat ${stage.secret_file})"`);
}

async function tour(stage: Stage, folder: string): Promise<number> {
  const secret = readFileSync(stage.secret_file, 'utf8').trimEnd();
  const environment = { ...clean(folder), ...settings(stage), JWT_SECRET: secret };
  const at = { stage, folder, environment };
  say(`${stage.url} answers both registry APIs; its log is in ${stage.log}`);
  step('What a service has in its environment, and so have we');
  showExports(stage);
  step('What is registered?');
  await must(['list'], at);
  step('All that the registry says of one service');
  await must(['describe', 'asr-service'], at);
  step('Where is it?');
  await must(['discover', 'asr-service'], at);
  step('Ask it something: a signed message with a trace id');
  await must(
    ['send', 'asr-service', '--type', 'query', '--action', 'transcribe', '--set', 'audio_id=platform'],
    at,
  );
  step('Ask nmt-service to translate, which asks asr-service to transcribe: one trace id through both');
  const translate = [
    '--type',
    'command',
    '--action',
    'translate',
    '--set',
    'audio_id=platform',
    '--set',
    'target=es',
  ];
  await must(['send', 'nmt-service', ...translate, '--trace-id', 'demo-trace'], at);
  echo(['grep', '-F', '[demo-trace]', stage.log]);
  await run('grep', ['-F', '[demo-trace]', stage.log], at);
  step('One heartbeat, as the service sends one every 30 s');
  await must(['heartbeat', '--once'], at);
  step('A token to call a service by hand, good for a minute');
  await must(['mint-token', '--ttl', '1m'], at);
  step('Is this deployment, and this service in it, really integrated?');
  return regctl(['doctor', '--logs', stage.log], at);
}

async function untilInterrupted(stage: Stage): Promise<void> {
  step('It stays up until ctrl-C. To go on in another terminal:');
  showExports(stage);
  say(`alias regctl='node ${REGCTL}'`);
  await Promise.race([once(interrupted.signal, 'abort'), stage.lost]);
}

async function main(folder: string): Promise<number> {
  step('Start a registry and two services, each a process of its own, on free ports');
  echo(['regctl', ...serveCommand(folder)]);
  const stage = await serveSamples(folder, clean(folder), interrupted.signal);
  try {
    const exit = await tour(stage, folder);
    if (stay) await untilInterrupted(stage);
    return exit;
  } finally {
    await stage.end();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'regctl-demo-'));
try {
  process.exitCode = await main(folder);
  say(
    `\n${style.dim(`Registry and services are ended, ${folder} is removed. Exit code of the doctor: ${process.exitCode}.`)}`,
  );
} catch (error) {
  const exit: unknown = interrupted.signal.reason;
  process.exitCode = typeof exit === 'number' ? exit : 1;
  if (!interrupted.signal.aborted)
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
