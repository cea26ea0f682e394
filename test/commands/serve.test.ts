// regctl serve, as a process of its own
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { json, pause, send, startInstrument } from '../support/instrument.js';
import { ENTRY, emptyFolder, type RunningCli, runCli, startCli } from '../support/run-cli.js';
import { eventually, get, post } from '../support/start-registry.js';

const ASR = { service_id: 42, service_name: 'asr', url: 'http://asr:8000', metadata: { status: 'healthy' } };

/** A running `serve` on a free port, and its URL. It is ended with the test. */
async function serve(...args: string[]): Promise<RunningCli & { url: string }> {
  const cli = startCli(['serve', '--port', '0', ...args]);
  onTestFinished(async () => {
    cli.child.kill('SIGKILL');
    await cli.done;
  });
  await cli.until('REGISTRY_URL=');
  return { ...cli, url: /REGISTRY_URL=(\S+)/.exec(cli.stdout())?.[1] ?? '' };
}

async function end(cli: RunningCli, signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM') {
  cli.child.kill(signal);
  return cli.done;
}

test('says where it listens and what to export; answers both APIs; logs to stderr', async () => {
  const cli = await serve('--memory');
  expect(cli.stdout()).toContain(`CONFIG_SERVICE_URL=${cli.url}`);
  expect((await get(`${cli.url}/services`)).body).toEqual([]);
  expect((await get(`${cli.url}/api/v1/registry/services`)).body).toEqual([]);
  const traced = await post(`${cli.url}/register`, ASR, { 'x-trace-id': 'abc-123' });
  expect(traced.headers.get('x-trace-id')).toBe('abc-123');
  const { code, stdout, stderr } = await end(cli);
  expect(code).toBe(0);
  expect(stdout.split('\n')).toHaveLength(4);
  const lines = stderr.trimEnd().split('\n');
  const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(logged).toContainEqual(
    expect.objectContaining({ trace_id: 'abc-123', url: '/register', status: 201 }),
  );
});

test('the document of --json is the whole of stdout, and -o name the URL alone', async () => {
  for (const [format, pattern] of [
    ['json', /^\{"url":"http:\/\/127\.0\.0\.1:\d+","auth":"none","read_only":false,"data_dir":null,/],
    ['name', /^http:\/\/127\.0\.0\.1:\d+\n$/],
  ] as const) {
    const cli = startCli(['serve', '--port', '0', '--memory', '-o', format]);
    await cli.until('serving');
    await cli.until(/127\.0\.0\.1:\d+"?,?/);
    await eventually(
      async () => cli.stdout(),
      (text) => text !== '',
    );
    const { code, stdout } = await end(cli, 'SIGINT');
    expect([code, stdout]).toEqual([0, expect.stringMatching(pattern)]);
  }
});

test('SIGTERM lets a request under way end, refuses new ones, and exits 0 within 10 s', async () => {
  const slow = await startInstrument(async (_, response) => {
    await pause(1500);
    send(response, json(200, {}));
  });
  onTestFinished(() => slow.close());
  const cli = await serve('--memory');
  await post(`${cli.url}/register`, { ...ASR, health_check_url: `${slow.url}/health` });
  const underWay = post(`${cli.url}/api/v1/registry/services/asr/health`);
  await eventually(
    async () => slow.requests.length,
    (requests) => requests > 1,
  );
  const started = Date.now();
  const ended = end(cli);
  expect((await underWay).body).toEqual({ status: 'healthy' });
  await eventually(
    () =>
      get(`${cli.url}/live`).then(
        () => 'answered',
        () => 'refused',
      ),
    (answer) => answer === 'refused',
  );
  expect((await ended).code).toBe(0);
  expect(Date.now() - started).toBeLessThan(10_000);
});

test.each([
  ['has stopped', (stderr: Readable) => void stderr.pause()],
  ['is gone', (stderr: Readable) => void stderr.destroy()],
])('a reader of the log that %s changes nothing', async (_, stop) => {
  const child = spawn(process.execPath, [ENTRY, 'serve', '--memory', '--port', '0', '-o', 'name'], {
    env: { PATH: process.env.PATH ?? '', HOME: emptyFolder() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [printed] = (await once(child.stdout, 'data')) as [Buffer];
  stop(child.stderr);
  const url = printed.toString().trim();
  // More than a pipe holds.
  const reason = 'r'.repeat(400);
  for (let i = 0; i < 500; i += 1) {
    await post(`${url}/api/v1/registry/deregister?service_name=asr&instance_id=a&reason=${reason}`);
  }
  expect((await post(`${url}/register`, ASR)).status).toBe(201);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('standing still takes nobody for down', async () => {
  const cli = await serve('--memory', '--down-after', '2s');
  await post(`${cli.url}/register`, ASR);
  await post(`${cli.url}/heartbeat`, { service_id: 42 });
  cli.child.kill('SIGSTOP');
  await pause(4000);
  cli.child.kill('SIGCONT');
  expect((await get(`${cli.url}/services/asr`)).status).toBe(200);
  await pause(300);
  expect((await get(`${cli.url}/services/asr`)).status).toBe(200);
  // And then the lease does run out.
  await eventually(
    () => get(`${cli.url}/services/asr`),
    ({ status }) => status === 404,
  );
});

describe('refuses to start, with exit code 2 and a sentence in every format', () => {
  async function refused(args: string[], env: Record<string, string> = {}): Promise<string> {
    const [text, document] = await Promise.all([
      runCli(['serve', ...args], { env }),
      runCli(['serve', ...args, '--json'], { env }),
    ]);
    expect([text.code, text.stdout, document.code]).toEqual([2, '', 2]);
    const { error } = JSON.parse(document.stdout);
    expect(error).toMatchObject({ exit: 2, hint: expect.stringMatching(/\S/) });
    expect(text.stderr).toContain(error.message);
    return error.message;
  }

  test('where another serve uses the folder, which goes on unharmed', async () => {
    const folder = emptyFolder();
    const first = await serve('--data-dir', folder);
    await post(`${first.url}/register`, ASR);
    expect(await refused(['--port', '0', '--data-dir', folder])).toContain(
      `another registry is using ${folder}`,
    );
    expect((await post(`${first.url}/register`, { ...ASR, service_id: 43 })).status).toBe(201);
    expect((await end(first)).code).toBe(0);
  });

  test('where the port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await refused(['--port', String(port), '--memory'])).toContain(
      `port ${port} on 127.0.0.1 is in use`,
    );
  });

  test('where the database is damaged, which stays as it is', async () => {
    const folder = emptyFolder();
    const file = join(folder, 'registry.db');
    await writeFile(file, 'not a database'.repeat(1000));
    expect(await refused(['--port', '0', '--data-dir', folder])).toContain(
      `${file} is not an intact registry database`,
    );
    expect(await readFile(file, 'utf8')).toBe('not a database'.repeat(1000));
  });

  test('where others could reach it and there is no secret, or a poor one', async () => {
    const open = ['--port', '0', '--memory', '--host', '0.0.0.0'];
    expect(await refused(open)).toContain('JWT_SECRET is not set');
    expect(await refused(open, { JWT_SECRET: 'short' })).toContain('has 5 bytes');
    expect(await refused(open, { JWT_SECRET: '[PROVIDED BY COORDINATOR]' })).toContain('is a placeholder');
  });
});

describe('a full disk', () => {
  /** Files may grow to `blocks` of 512 bytes: what the process sees of a disk without space. */
  function limited(blocks: number, folder: string) {
    const child = spawn(
      'sh',
      [
        '-c',
        `ulimit -f ${blocks}; exec "$0" "$@"`,
        process.execPath,
        ENTRY,
        'serve',
        '--port',
        '0',
        '--data-dir',
        folder,
      ],
      { env: { PATH: process.env.PATH ?? '', HOME: emptyFolder() }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
    }
    return { child, printed: () => printed };
  }

  test('at the start is said, with exit code 2', async () => {
    const folder = emptyFolder();
    const { child, printed } = limited(2, folder);
    const [code] = await once(child, 'close');
    expect(code).toBe(2);
    expect(printed()).toContain(`${join(folder, 'registry.db')} cannot be read or written`);
  });

  test('later refuses registrations with 503; what was acknowledged is there after a restart', async () => {
    const folder = emptyFolder();
    const { child, printed } = limited(400, folder);
    await eventually(
      async () => printed(),
      (text) => text.includes('REGISTRY_URL='),
    );
    const url = /REGISTRY_URL=(\S+)/.exec(printed())?.[1] ?? '';
    const kept: string[] = [];
    let refused = await post(`${url}/register`, ASR);
    for (let i = 1; refused.status === 201; i += 1) {
      kept.push(String(refused.body.instance_id));
      refused = await post(`${url}/register`, {
        ...ASR,
        service_id: 100 + i,
        metadata: { x: 'x'.repeat(4000) },
      });
    }
    expect([refused.status, refused.body.detail]).toEqual([
      503,
      expect.stringContaining('Nothing was changed'),
    ]);
    expect((await get(`${url}/health`)).status).toBe(503);
    child.kill('SIGKILL');
    await once(child, 'close');

    const again = await serve('--data-dir', folder);
    const rows = (await get(`${again.url}/api/v1/registry/services/asr`)).body;
    expect(rows.map(({ instance_id }) => instance_id).sort()).toEqual(kept.sort());
  });
});
