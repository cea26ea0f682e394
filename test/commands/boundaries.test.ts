// What must not cross a boundary: a context's keys to another host, a message to a second instance, an escape to a terminal.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Replica } from '../support/config-service-replica.js';
import { ENTRY, emptyFolder, runCli } from '../support/run-cli.js';
import { startSampleService } from '../support/sample-service.js';
import { errorOf, openReplica, SECRET, type Target } from '../support/targets.js';

let target: Target;
let replica: Replica;
beforeAll(async () => {
  ({ target, replica } = await openReplica());
});
afterAll(() => replica.close());

it("a context's headers and paths go to its own registry and to no other", async () => {
  const home = emptyFolder();
  mkdirSync(join(home, 'regctl'));
  const contexts = (registry: string) =>
    `current: prod\ncontexts:\n  prod:\n    registry: ${registry}\n    headers: { X-Registry-Key: SUPERKEY }\n`;
  const file = join(home, 'regctl', 'contexts.yaml');
  const list = () => runCli(['list'], { env: { ...target.env, XDG_CONFIG_HOME: home } });

  writeFileSync(file, contexts('http://elsewhere.invalid'));
  expect((await list()).code).toBe(0);
  expect(replica.requests.at(-1)?.headers['x-registry-key']).toBeUndefined();

  writeFileSync(file, contexts(target.url));
  expect((await list()).code).toBe(0);
  expect(replica.requests.at(-1)?.headers['x-registry-key']).toBe('SUPERKEY');
});

it('through a proxy a message that timed out may have arrived, and is not sent to another instance', async () => {
  const services = await Promise.all(
    ['a', 'b'].map(() => startSampleService({ name: 'pay', secret: SECRET, behaviour: 'message-hangs' })),
  );
  await target.register('pay', ...services.map(({ url }, index) => ({ id: `pay-${index}`, url })));
  const proxy = createServer((incoming, answer) => {
    const url = new URL(incoming.url ?? '');
    const headers = { ...incoming.headers, host: url.host };
    const chunks: Buffer[] = [];
    incoming
      .on('data', (chunk) => chunks.push(chunk))
      .on('end', async () => {
        const body = incoming.method === 'GET' ? null : Buffer.concat(chunks);
        const found = await fetch(url, {
          method: incoming.method ?? 'GET',
          headers: { 'content-type': headers['content-type'] ?? '' },
          body,
        }).catch(() => undefined);
        if (found) answer.writeHead(found.status).end(Buffer.from(await found.arrayBuffer()));
      });
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  const HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const sent = await target.run(['send', 'pay', '--type', 'command', '--timeout', '1s', '--json'], {
    env: { HTTP_PROXY, SERVICE_ID: '1', JWT_SECRET: SECRET },
  });
  expect(errorOf(sent)).toMatchObject({ code: 'TIMED_OUT', exit: 3 });
  const deliveries = services.flatMap(({ requests }) => requests.filter(({ path }) => path === '/message'));
  expect(deliveries).toHaveLength(1);
  proxy.closeAllConnections();
  proxy.close();
  await Promise.all(services.map((service) => service.close()));
});

it('a password in a URL is shown by nobody', async () => {
  const env = { CONFIG_SERVICE_URL: 'http://bob:hunter2@127.0.0.1:1', SERVICE_ID: '1', JWT_SECRET: SECRET };
  for (const command of ['context show --resolved', 'list', 'send svc --type query', 'list --debug']) {
    const { stdout, stderr } = await runCli(command.split(' '), { env });
    expect(stdout + stderr).not.toContain('hunter2');
  }
});

it('the values of a query are not part of what --debug shows', async () => {
  await target.run(['deregister', 'none', 'x', '--reason', 'APIKEY-IN-QUERY', '--debug']);
  await target.register('one', { id: 'one-1', url: 'http://one:1' });
  const { stderr } = await target.run(['deregister', 'one', '--reason', 'APIKEY-IN-QUERY', '--debug']);
  expect(stderr).toMatch(/debug: POST \S+\/deregister\?… -> 200/);
  expect(stderr).not.toContain('APIKEY-IN-QUERY');
});

it('a signal ends also what waits for standard input', async () => {
  const folder = emptyFolder();
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const command = `exec "${process.execPath}" "${ENTRY}" mint-token --service-id 1 --secret-stdin --debug < "${fifo}"`;
  const waiting = spawn('sh', ['-c', command], {
    env: { PATH: process.env.PATH ?? '', HOME: folder },
    cwd: folder,
  });
  const writer = await open(fifo, 'w');
  // Each write fills the pipe until the command reads: then its handlers stand.
  const chunk = Buffer.alloc(60_000, 'x');
  await writer.write(chunk);
  await writer.write(chunk);
  waiting.kill('SIGTERM');
  expect(await new Promise((ended) => waiting.once('exit', ended))).toBe(143);
  await writer.close();
});

it('says what an interruption left: nothing changed, or what may have been carried out', async () => {
  replica.slow(2_000);
  /** Interrupts the command while the registry has its request, which contains `text`. */
  const interrupt = async (args: string[], text: string) => {
    const before = replica.requests.length;
    const { child, done } = target.start(args);
    const asked = () =>
      replica.requests.slice(before).some(({ path, body }) => `${path} ${body}`.includes(text));
    await expect.poll(asked, { timeout: 20_000 }).toBe(true);
    child.kill('SIGINT');
    return done;
  };
  const read = await interrupt(['list', '--json'], '/registry/services ');
  const register = ['register', 'slow', '--url', 'http://slow:1', '--instance-id', 's-1'];
  const changed = await interrupt(register, '"slow"');
  replica.slow(0);
  expect(errorOf(read).hint).toBe('Nothing was changed.');
  // The registration is not cut short: it is there, and said to be.
  expect(changed.code).toBe(130);
  expect(changed.stderr).toContain('Registered slow/s-1');
  expect(changed.stderr).toContain('may have been carried out');
  expect(await target.listed('slow')).toHaveLength(1);
});

it('an instance id that nobody should register, and a deployed registry holds, can be removed', async () => {
  await target.register('odd', { id: '10.0.0.1:8090', url: 'http://odd:1' });
  expect(await target.run(['deregister', 'odd', '10.0.0.1:8090'])).toMatchObject({
    code: 0,
    stdout: 'Deregistered odd/10.0.0.1:8090.\n',
  });
});
