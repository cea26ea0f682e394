// regctl as it is handed out, in processes of its own: `node scripts/smoke.js FOLDER` runs the installed package,
// FOLDER/node_modules/regctl, by whichever Node runs this file; `node scripts/smoke.js --executable FILE` a single file.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs, promisify } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { executable: { type: 'string' } },
});
const installed = resolve(positionals[0] ?? '.', 'node_modules', 'regctl');
const [program, ...before] = values.executable
  ? [resolve(values.executable)]
  : [process.execPath, join(installed, 'dist', 'start.cjs')];
const source = values.executable ? new URL('..', import.meta.url).pathname : installed;
const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'regctl-smoke-'));
const env = {
  HOME: folder,
  TMPDIR: folder,
  PATH: process.env.PATH,
  JWT_SECRET: 'a secret for the smoke test, 32 bytes and more',
  SERVICE_ID: '1',
};
const TTS = ['tts-service', '--url', 'http://127.0.0.1:9', '--no-health-check', '--instance-id', 'tts-1'];
const running = new Set();
let log = '';

/** Standard output of a command that has to end with exit code 0. */
async function regctl(...args) {
  const options = { cwd: folder, env, timeout: 60_000 };
  const { stdout } = await promisify(execFile)(program, [...before, ...args], options);
  return stdout;
}

/** Starts a registry; `url` comes once it listens, `end` requires that it ends in order. */
function serve(...args) {
  const child = spawn(program, [...before, 'serve', ...args, '--port', '0', '--json'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  const exit = once(child, 'exit');
  const lost = exit.then(([code]) => assert.fail(`serve ended with exit code ${code}`));
  lost.catch(() => undefined);
  const line = once(createInterface(child.stdout), 'line');
  return {
    url: Promise.race([line, lost]).then(([text]) => JSON.parse(text).url),
    async end() {
      child.kill('SIGTERM');
      const [code] = await exit;
      assert.equal(code, 0);
      running.delete(child);
    },
  };
}

/** Every part of it that an operator uses first. */
async function theCommands() {
  // The doctor waits for a heartbeat: three within this time.
  const registry = serve('--samples', '--memory', '--down-after', '15s');
  assert.match(await regctl('--version'), new RegExp(`^regctl/${version.replaceAll('.', '\\.')} `));
  assert.match(await regctl('mint-token'), /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  assert.match(await regctl('--help'), /^ {2}discover /m);
  assert.match(await regctl('list', '--help'), /^USAGE\n {2}\$ regctl list /m);
  env.CONFIG_SERVICE_URL = await registry.url;
  assert.equal(await regctl('register', ...TTS), 'tts-1\n');
  assert.equal(await regctl('list', '-o', 'name'), 'asr-service\nnmt-service\ntts-service\n');
  assert.match(await regctl('discover', 'asr-service'), /^http:\/\/127\.0\.0\.1:\d+\n$/);
  const translate = ['--action', 'translate', '--set', 'audio_id=platform', '--set', 'target=es'];
  const sent = JSON.parse(await regctl('send', 'nmt-service', '--type', 'query', ...translate, '--json'));
  assert.equal(sent.answer.result.translation, 'el tren sale al mediodía');
  assert.match(await regctl('heartbeat', 'asr-service', '--once'), /ok/);
  const report = JSON.parse(await regctl('doctor', '--service', 'asr-service', '--json'));
  assert.equal(report.verdict, 'pass');
  await registry.end();
}

/** What a registry on a disk knew, the next one knows: the native addon works. */
async function theStore() {
  const data = ['--data-dir', join(folder, 'data')];
  const first = serve(...data);
  env.CONFIG_SERVICE_URL = await first.url;
  await regctl('register', ...TTS);
  await first.end();
  const second = serve(...data);
  env.CONFIG_SERVICE_URL = await second.url;
  assert.equal(await regctl('list', '-o', 'name'), 'tts-service\n');
  await second.end();
}

/** The executable keeps its addon, for its user alone, and nothing else; what is not the addon is not loaded. */
async function theAddon() {
  const cache = join(folder, '.cache', 'regctl');
  const [name, ...others] = readdirSync(cache);
  assert.deepEqual(others, []);
  const file = join(cache, name, 'libsql.node');
  const whole = readFileSync(file);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const damaged = Buffer.from(whole);
  damaged[5000] ^= 1;
  // Cut short, and changed.
  for (const spoil of [
    () => writeFileSync(file, whole.subarray(0, 4096)),
    () => writeFileSync(file, damaged),
  ]) {
    spoil();
    await theStore();
    assert(readFileSync(file).equals(whole));
    assert.deepEqual(readdirSync(join(cache, name)), ['libsql.node']);
  }
  // Where it cannot be kept.
  rmSync(cache, { recursive: true });
  writeFileSync(cache, 'a file, where a folder should be');
  await theStore();
  assert.equal(readFileSync(cache, 'utf8'), 'a file, where a folder should be');
  env.TMPDIR = join(folder, 'none');
  await assert.rejects(regctl('serve', '--memory', '--port', '0'), {
    stderr: /^Error: The registry cannot start: SQLite cannot be loaded .*\nSet TMPDIR /,
  });
  env.TMPDIR = folder;
  // Nothing is left of the temporary one.
  assert.deepEqual(readdirSync(folder).sort(), ['.cache', 'data']);
}

try {
  await theCommands();
  await theStore();
  if (values.executable) await theAddon();
  const on = values.executable ? 'is a file by itself' : `runs on Node ${process.version}`;
  process.stdout.write(`regctl ${version} ${on}\n`);
} catch (error) {
  process.stderr.write(log);
  throw error;
} finally {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
