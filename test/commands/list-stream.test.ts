// Lists that are read while they come: of any length, broken off, and made to be hard to take apart.
import http, { type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCli } from '../support/run-cli.js';

const row = (name: string, more: object = {}) => ({
  service_name: name,
  service_url: `http://${name}:8090`,
  status: 'healthy',
  service_metadata: { note: 'x'.repeat(100), ...more },
});
/** Over the 64 KiB that are read before anything is handed on. */
const LONG = Array.from({ length: 2_000 }, (_, n) => row(`service-${(7 * n) % 2_000}`));

/** A registry that answers every list with `answer`, told how often it was asked before. */
async function registry(answer: (response: ServerResponse, before: number) => void): Promise<string> {
  let asked = 0;
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    answer(response, asked++);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const list = (url: string, ...flags: string[]) =>
  runCli(['list', '--registry', url, '--api', 'config-service', ...flags]);
const names = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).service_name);

describe('list', () => {
  it('prints rows in the order of the registry with -o ndjson, and sorted otherwise', async () => {
    const url = await registry((response) => response.end(JSON.stringify(LONG)));
    const wanted = LONG.map(({ service_name }) => service_name);
    expect(names((await list(url, '-o', 'ndjson')).stdout)).toEqual(wanted);
    const document = JSON.parse((await list(url, '--json')).stdout) as { service_name: string }[];
    expect(document.map(({ service_name }) => service_name)).toEqual([...wanted].sort());
  });

  it('prints the rows that came before a long list broke off, says so, and ends with 3', async () => {
    const text = JSON.stringify(LONG);
    const url = await registry((response) => {
      response.write(text.slice(0, text.length - 500));
      setTimeout(() => response.destroy(), 300);
    });
    const { code, stdout } = await list(url, '-o', 'ndjson');
    expect(code).toBe(3);
    const lines = stdout.trim().split('\n');
    expect(JSON.parse(lines.pop() ?? '')).toMatchObject({ error: { code: 'CONNECTION_FAILED', exit: 3 } });
    const printed = names(lines.join('\n'));
    expect(printed.length).toBeGreaterThan(100);
    expect(printed).toEqual(LONG.slice(0, printed.length).map(({ service_name }) => service_name));
    // One document is printed whole or not at all.
    const { error } = JSON.parse((await list(url, '--json')).stdout);
    expect(error).toMatchObject({ exit: 3 });
  });

  it('asks again for a short list that breaks off', async () => {
    const text = JSON.stringify(LONG.slice(0, 3));
    const url = await registry((response, before) => {
      if (before > 0) response.end(text);
      else response.write(text.slice(0, 100), () => response.destroy());
    });
    const { code, stdout } = await list(url, '-o', 'name');
    expect([code, stdout.split('\n')]).toEqual([0, ['service-0', 'service-14', 'service-7', '']]);
  });

  it.each([
    ['text that looks like rows', { note: '},{"service_name":"no row"},{' }],
    ['rows within a row', { nodes: [{ a: 1 }, { b: [{ c: 2 }, { d: '\\"},{' }] }] }],
    ['quotes and backslashes', { note: '\\"},\\\\{"' }],
    ['characters of several bytes', { note: 'Zürich 東京 👍'.repeat(10) }],
  ])('takes %s for what it is, wherever the pieces end', async (_, metadata) => {
    const rows = Array.from({ length: 300 }, (__, n) => row(`s-${n}`, metadata));
    for (const text of [JSON.stringify(rows), JSON.stringify(rows, null, 1)]) {
      const bytes = Buffer.from(text);
      const url = await registry(async (response) => {
        for (let from = 0; from < bytes.length; from += 7_919) {
          await new Promise((resolve) => response.write(bytes.subarray(from, from + 7_919), resolve));
        }
        response.end();
      });
      const { code, stdout } = await list(url, '-o', 'ndjson');
      expect(code).toBe(0);
      const printed = stdout.trim().split('\n');
      expect(printed.map((line) => JSON.parse(line).service_metadata)).toEqual(
        rows.map(({ service_metadata }) => service_metadata),
      );
    }
  });

  it.each([
    ['{"services":[]}', 'an object instead of a list'],
    ['[{"service_name":1}]', '"0.service_name" in its JSON is 1 instead of string'],
    ['[{"service_name":"a"},', 'cut off or malformed (22 characters)'],
    ['<!doctype html>', 'an HTML page'],
    ['', 'an empty body'],
  ])('says what %s is', async (body, words) => {
    const url = await registry((response) => response.end(body));
    const { code, stdout, stderr } = await list(url);
    expect([code, stdout, stderr]).toEqual([3, '', expect.stringContaining(words)]);
  });
});
