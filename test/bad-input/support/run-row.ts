import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, type TestContext } from 'vitest';
import { emptyFolder, runCli } from '../../support/run-cli.js';
import { expectClear, type Format, told } from './outcome.js';
import { type Line, type Row, type Server, startServer } from './row.js';

/** Runs one command line of a row in one format, and holds what is told against what the row says. */
export async function runRow(row: Row, line: Line, format: Format, test: TestContext): Promise<void> {
  const server = await startServer(row.registry ?? 'config-service');
  test.onTestFinished(() => server.close());
  const folder = emptyFolder();
  test.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { port } = new URL(server.url);
  const fill = (text: string) =>
    text.replaceAll('{url}', server.url).replaceAll('{port}', port).replaceAll('{folder}', folder);
  await writeFiles(row, folder, fill);
  const before = server.contents?.();
  const words = (typeof line === 'string' ? line.split(' ') : line).map(fill);
  const environment = Object.entries(row.env ?? {}).map(([name, value]) => [name, fill(value)]);

  const result = await runCli([...words, '-o', format], {
    cwd: folder,
    env: { CONFIG_SERVICE_URL: server.url, HOME: folder, ...Object.fromEntries(environment) },
    ...(row.input === undefined ? {} : { input: row.input }),
  });

  const seen = told(result, format);
  expect(seen).toMatchObject({
    exit: row.exit,
    ...(seen.code === undefined ? {} : { code: row.code }),
    message: containing(row.message),
    hint: containing(row.hint),
  });
  expectClear(seen);
  if (row.never !== undefined) expect(result.stdout + result.stderr).not.toContain(row.never);
  if (row.writes !== true) expectUnchanged(server, before);
  for (const [path, contents] of Object.entries(row.files ?? {})) {
    if (contents === null) continue;
    const expected = typeof contents === 'string' ? Buffer.from(fill(contents)) : contents;
    expect(expected.equals(await readFile(join(folder, path))), `${path} is as it was`).toBe(true);
  }
}

/** Nothing that changes anything was asked, of the registry or of anyone it pointed to. */
export function expectUnchanged(server: Server, before: unknown): void {
  expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  expect(server.elsewhere?.requests ?? []).toEqual([]);
  expect(server.contents?.()).toEqual(before);
}

function containing(expected: string | RegExp): unknown {
  return typeof expected === 'string' ? expect.stringContaining(expected) : expect.stringMatching(expected);
}

async function writeFiles(row: Row, folder: string, fill: (text: string) => string): Promise<void> {
  for (const [path, contents] of Object.entries(row.files ?? {})) {
    const file = join(folder, path);
    await mkdir(contents === null ? file : dirname(file), { recursive: true });
    if (contents !== null) await writeFile(file, typeof contents === 'string' ? fill(contents) : contents);
  }
}
