import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Replica, startConfigServiceReplica } from '../support/config-service-replica.js';
import { runCli } from '../support/run-cli.js';

let registry: Replica;
const forwarded: string[] = [];
const proxy = createServer((incoming, answer) => {
  forwarded.push(incoming.url ?? '');
  const onward = request(
    incoming.url ?? '',
    { method: incoming.method, headers: incoming.headers },
    (found) => {
      answer.writeHead(found.statusCode ?? 500, found.headers);
      found.pipe(answer);
    },
  );
  incoming.pipe(onward);
});
let proxyUrl: string;

beforeAll(async () => {
  registry = await startConfigServiceReplica();
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});

afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await registry.close();
});

test('requests go through HTTP_PROXY, as plain forwards and not tunnels', async () => {
  const { code, stdout } = await runCli(['list', '--json'], {
    env: { CONFIG_SERVICE_URL: registry.url, HTTP_PROXY: proxyUrl },
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: '[]\n' });
  expect(forwarded).toEqual([`${registry.url}/api/v1/registry/services`]);
});

test('NO_PROXY goes around it', async () => {
  const env = { CONFIG_SERVICE_URL: registry.url, HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1' };
  expect((await runCli(['list', '--json'], { env })).code).toBe(0);
});

test('a proxy that is not there is named as a possible cause', async () => {
  const env = { CONFIG_SERVICE_URL: registry.url, HTTP_PROXY: 'http://127.0.0.1:1' };
  const { code, stderr } = await runCli(['list'], { env });
  expect(code).toBe(3);
  expect(stderr).toMatch(/by way of a proxy, see HTTP_PROXY/);
});
