// The installed package, run by whichever Node runs this file: `node scripts/smoke.js FOLDER`, FOLDER/node_modules/regctl.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const root = resolve(process.argv[2] ?? '.', 'node_modules', 'regctl');
const entry = join(root, 'bin', 'run.js');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'regctl-smoke-'));
const env = {
  HOME: folder,
  PATH: process.env.PATH,
  JWT_SECRET: 'a secret for the smoke test, 32 bytes and more',
  SERVICE_ID: '1',
};

/** Standard output of a command that has to end with exit code 0. */
async function regctl(...args) {
  const options = { cwd: folder, env, timeout: 60_000 };
  const { stdout } = await promisify(execFile)(process.execPath, [entry, ...args], options);
  return stdout;
}

const serve = spawn(process.execPath, [entry, 'serve', '--samples', '--memory', '--port', '0', '--json'], {
  cwd: folder,
  env,
  stdio: ['ignore', 'pipe', 'pipe'],
});
let log = '';
serve.stderr.setEncoding('utf8').on('data', (text) => {
  log += text;
});
try {
  const started = once(createInterface(serve.stdout), 'line');
  const ended = once(serve, 'exit').then(([code]) => assert.fail(`serve ended with exit code ${code}`));
  ended.catch(() => undefined);
  assert.match(await regctl('--version'), new RegExp(`^regctl/${version.replaceAll('.', '\\.')} `));
  assert.match(await regctl('mint-token'), /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const [line] = await Promise.race([started, ended]);
  env.CONFIG_SERVICE_URL = JSON.parse(line).url;
  const address = ['--url', 'http://127.0.0.1:9', '--no-health-check', '--instance-id', 'tts-1'];
  assert.equal(await regctl('register', 'tts-service', ...address), 'tts-1\n');
  assert.equal(await regctl('list', '-o', 'name'), 'asr-service\nnmt-service\ntts-service\n');
  assert.match(await regctl('discover', 'asr-service'), /^http:\/\/127\.0\.0\.1:\d+\n$/);
  const translate = ['--action', 'translate', '--set', 'audio_id=platform', '--set', 'target=es'];
  const sent = JSON.parse(await regctl('send', 'nmt-service', '--type', 'query', ...translate, '--json'));
  assert.equal(sent.answer.result.translation, 'el tren sale al mediodía');
  assert.match(await regctl('heartbeat', 'asr-service', '--once'), /ok/);
  const report = JSON.parse(await regctl('doctor', '--service', 'asr-service', '--json'));
  assert.equal(report.verdict, 'pass');
  serve.kill('SIGTERM');
  const [code] = serve.exitCode === null ? await once(serve, 'exit') : [serve.exitCode];
  assert.equal(code, 0);
  process.stdout.write(`regctl ${version} runs on Node ${process.version}\n`);
} catch (error) {
  process.stderr.write(log);
  throw error;
} finally {
  serve.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
