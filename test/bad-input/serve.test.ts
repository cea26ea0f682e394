// What only live processes and real disks can do to `regctl serve`; what it cannot start with besides is in rows/serve.ts.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import { expect, it, onTestFinished } from 'vitest';
import { startRegistry } from '../../src/registry-server/server.js';
import { emptyFolder, type RunningCli, runCli, startCli } from '../support/run-cli.js';
import { eventually, get, post, type Reply } from '../support/start-registry.js';
import { told } from './support/outcome.js';
import { mountTmpfs, smallDisk } from './support/small-disk.js';

const PREFIX = '/api/v1/registry';

interface Serve extends RunningCli {
  readonly url: string;
  readonly pid: number;
}

/** A running `serve` on a free port, ended with the test. */
async function serve(dataDir: string): Promise<Serve> {
  const cli = startCli(['serve', '--port', '0', '--data-dir', dataDir, '--log-level', 'error', '-o', 'name']);
  onTestFinished(async () => {
    cli.child.kill('SIGKILL');
    await cli.done;
  });
  await cli.until(/^http:\S+$/m);
  return { ...cli, url: cli.stdout().trim(), pid: cli.child.pid ?? 0 };
}

function register(url: string, id: string, notes = ''): Promise<Reply> {
  return post(`${url}${PREFIX}/register`, {
    service_name: 'asr-service',
    service_url: 'http://asr-service:8090',
    service_metadata: { instance_id: id, status: 'healthy', notes },
  });
}

async function listed(url: string): Promise<string[]> {
  const { body } = await get(`${url}${PREFIX}/services/asr-service`);
  return body.map(({ instance_id }) => String(instance_id)).sort();
}

/** A data folder with a database of many pages, of a registry that ended in order. */
async function writtenFolder(): Promise<{ folder: string; file: string }> {
  const folder = folderOfTest();
  const registry = await startRegistry({ port: 0, store: { kind: 'sqlite', dataDir: folder } });
  for (let i = 0; i < 20; i += 1) await register(registry.url, `asr-${i}`, 'n'.repeat(4000));
  await registry.close();
  return { folder, file: join(folder, 'registry.db') };
}

/** A folder that goes with the test. */
function folderOfTest(): string {
  const folder = emptyFolder();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts it on `dataDir`, for a person and for a program; it refuses in the same words. */
async function refused(dataDir: string): Promise<{ message: string; hint: string }> {
  const seen = [];
  for (const format of ['json', 'wide'] as const) {
    const result = await runCli(['serve', '--port', '0', '--data-dir', dataDir, '-o', format]);
    const { exit, code = 'CANNOT_SERVE', message, hint } = told(result, format);
    seen.push({ exit, code, message, hint });
  }
  const [first = { message: '', hint: '' }, ...others] = seen;
  expect(first).toMatchObject({ exit: 2, code: 'CANNOT_SERVE' });
  for (const other of others) expect(other).toEqual(first);
  return first;
}

it('two on one data folder: the second is refused, the first works on', { timeout: 60_000 }, async () => {
  const folder = folderOfTest();
  const first = await serve(folder);
  await register(first.url, 'asr-1');

  expect(await refused(folder)).toEqual({
    exit: 2,
    code: 'CANNOT_SERVE',
    message: `The registry cannot start: another registry is using ${folder}/registry.db.`,
    hint: 'Stop the other `regctl serve`, or give this one its own --data-dir.',
  });
  expect((await register(first.url, 'asr-2')).status).toBe(201);
  expect(await listed(first.url)).toEqual(['asr-1', 'asr-2']);
  first.child.kill('SIGTERM');
  expect((await first.done).code).toBe(0);
});

it('a database that another program has locked', { timeout: 60_000 }, async () => {
  const { folder, file } = await writtenFolder();
  const database = new Libsql(file);
  onTestFinished(() => void database.close());
  database.exec('BEGIN EXCLUSIVE');

  expect((await refused(folder)).message).toContain(`another registry is using ${file}`);
  database.exec('ROLLBACK');
  expect(await listed((await serve(folder)).url)).toHaveLength(20);
});

it.for([
  ['its second half is gone', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
  ['pages of it are overwritten', (bytes: Buffer) => bytes.fill('x', 8192, bytes.length - 4096)],
  ['its head is overwritten', (bytes: Buffer) => bytes.fill(0, 0, 100)],
] as const)('a damaged database, %s: it stays as it is', { timeout: 60_000 }, async ([, damage]) => {
  const { folder, file } = await writtenFolder();
  const damaged = Buffer.from(damage(readFileSync(file)));
  writeFileSync(file, damaged);

  const { message, hint } = await refused(folder);
  expect(message).toContain(`${file} is not an intact registry database`);
  expect(hint).toContain('Restore it from a backup');
  expect(readFileSync(file).equals(damaged)).toBe(true);
});

it('a data folder that cannot be written', { timeout: 60_000 }, async () => {
  // Modes do not stop root; a read-only file system does.
  const readOnly = process.getuid?.() === 0 ? mountTmpfs('ro,size=1m') : undefined;
  const folder = readOnly?.folder ?? folderOfTest();
  onTestFinished(() => readOnly?.remove());
  if (readOnly === undefined) chmodSync(folder, 0o500);

  const { message, hint } = await refused(join(folder, 'data'));
  expect(message).toMatch(
    /data (is on a read-only file system|is not yours to write to|cannot be made there)\.$/,
  );
  expect(hint).toContain('--data-dir');
});

it('a disk that is full at the start', { timeout: 60_000 }, async (test) => {
  const mounted = mountTmpfs('size=64k');
  // Under a limit on what it may write, test/commands/serve.test.ts does the same.
  if (mounted === undefined) return test.skip('this user may not mount a file system');
  onTestFinished(() => mounted.remove());
  writeFileSync(join(mounted.folder, 'filler'), Buffer.alloc(64 * 1024));
  mkdirSync(join(mounted.folder, 'data'), { recursive: true });

  const { message, hint } = await refused(join(mounted.folder, 'data'));
  expect(message).toMatch(/^The registry cannot start: the disk with .+ is full/);
  expect(hint).toContain('Free some space');
});

it('a disk that fills up: 503, reads go on, nothing acknowledged is lost', { timeout: 120_000 }, async () => {
  const disk = smallDisk();
  onTestFinished(() => disk.remove());
  const dataDir = join(disk.folder, 'data');
  const registry = await serve(dataDir);
  const acknowledged = new Set<string>();
  const turnedAway = new Set<string>();
  const attempt = async (id: string) => {
    const reply = await register(registry.url, id, 'n'.repeat(10_000));
    (reply.status === 201 ? acknowledged : turnedAway).add(id);
    return reply;
  };
  await attempt('before');
  disk.fill(registry.pid);

  const full = await eventually(
    () => attempt(`full-${acknowledged.size}`),
    ({ status }) => status !== 201,
  );
  expect(full).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining('Nothing was changed') },
  });
  expect(full.headers.get('retry-after')).toMatch(/^\d+$/);
  expect((await get(`${registry.url}/health`)).status).toBe(503);
  expect(await listed(registry.url)).toEqual([...acknowledged].sort());

  const env = { CONFIG_SERVICE_URL: registry.url };
  const line = ['register', 'asr-service', '--port', '8090', '--instance-id', 'by-cli', '-o'];
  for (const format of ['json', 'table'] as const) {
    expect(told(await runCli([...line, format], { env }), format)).toMatchObject({
      exit: 3,
      message: expect.stringMatching(/failed with 503: The registry cannot store changes/),
      hint: expect.stringContaining('`regctl doctor`'),
    });
  }
  expect(await runCli(['list', '-o', 'name'], { env })).toMatchObject({ code: 0, stdout: 'asr-service\n' });

  disk.free(registry.pid);
  await eventually(
    () => attempt('after'),
    ({ status }) => status === 201,
  );
  turnedAway.delete('after');
  expect((await get(`${registry.url}/health`)).status).toBe(200);
  registry.child.kill('SIGKILL');
  await registry.done;

  const again = await serve(dataDir);
  expect(await listed(again.url)).toEqual([...acknowledged].sort());
  expect([...turnedAway].filter((id) => acknowledged.has(id))).toEqual([]);
});
