import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { isForbidden } from '../../src/registry-server/addresses.js';
import type { Lookup } from '../../src/registry-server/names.js';
import { httpProbe } from '../../src/registry-server/probe.js';
import { type Instrument, json, send, startInstrument } from '../support/instrument.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function probe(url: string, timeoutMs = 2000) {
  const made = await httpProbe(timeoutMs);
  closing.push(made.close);
  return made.probe(url);
}

async function service(handle: Parameters<typeof startInstrument>[0]): Promise<Instrument> {
  const started = await startInstrument(handle);
  closing.push(started.close);
  return started;
}

describe('a health check never reaches', () => {
  test.each([
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '::a9fe:a9fe',
    'fd00:ec2::23',
    '64:ff9b::6464:64c8',
    '64:ff9b:1::a9fe:a9fe',
    '64:ff9b:1:a9fe:a9:fe00::',
    '2002:a9fe:a9fe::1',
    '::ffff:0:a9fe:a9fe',
    '::ffff:100.100.100.200',
    '::168.63.129.16',
  ])('%s', (address) => {
    expect(isForbidden(address)).toBe(true);
  });

  test.each([
    'http://169.254.169.254/latest/meta-data',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://[::ffff:169.254.169.254]/',
  ])('what %s means', async (url) => {
    expect((await probe(url)).problem).toContain('is a link-local or cloud-metadata address');
  });

  test.each([
    '127.0.0.1',
    '10.0.0.1',
    '192.168.1.1',
    '172.17.0.2',
    '::1',
    'fd00::1',
    '8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('while %s is where services live', (address) => {
    expect(isForbidden(address)).toBe(false);
  });
});

test('a 2xx is healthy, whatever the host is called; anything else is not', async () => {
  const { url } = await service((_, response) => send(response, json(204, {})));
  expect(await probe(`${url.replace('127.0.0.1', 'localhost')}/health`)).toMatchObject({
    problem: null,
    status: 204,
  });
  const broken = await service((_, response) => send(response, json(503, {})));
  expect(await probe(broken.url)).toMatchObject({ problem: 'it answered 503', status: 503 });
});

test('a redirect is not followed', async () => {
  const inside = await service((_, response) => send(response, json(200, {})));
  const { url } = await service((_, response) =>
    send(response, { status: 302, headers: { location: inside.url }, body: '' }),
  );
  expect((await probe(url)).problem).toBe('it answered 302');
  expect(inside.requests).toEqual([]);
});

test('no more than a little of an endless body is read', async () => {
  const { url, bytesTaken } = await service(async (_, response) => {
    response.writeHead(200);
    const piece = Buffer.alloc(64 * 1024);
    while (!response.destroyed) {
      if (!response.write(piece)) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });
  expect((await probe(url)).status).toBe(200);
  expect(bytesTaken()).toBeLessThan(16 * 1024 * 1024);
});

test('what does not answer in time, refuses, or has no address is said in words', async () => {
  const { url, close } = await service(() => undefined);
  expect((await probe(url, 200)).problem).toBe('no answer within 0.2 s');
  await close();
  expect((await probe(url)).problem).toBe('connection refused');
  expect((await probe('http://nowhere.invalid/health', 10_000)).problem).toContain('does not resolve');
});

test('a connection that hangs ends in time, and the next check does not wait for it', async () => {
  // A process that accepts nothing: once its queue is full, connecting hangs.
  const child = spawn(process.execPath, [
    '-e',
    `const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))`,
  ]);
  const port = Number(String(await once(child.stdout, 'data')));
  child.kill('SIGSTOP');
  const queued: Socket[] = [];
  for (let i = 0; i < 4; i += 1) queued.push(connect(port, '127.0.0.1').on('error', () => undefined));
  closing.push(async () => {
    for (const socket of queued) socket.destroy();
    child.kill('SIGKILL');
  });
  const made = await httpProbe(300);
  closing.push(made.close);
  for (let i = 0; i < 3; i += 1) {
    const { problem, counts, milliseconds } = await made.probe(`http://127.0.0.1:${port}/health`);
    expect([problem, counts]).toEqual(['no answer within 0.3 s', true]);
    expect(milliseconds).toBeLessThan(2000);
  }
});

describe('host names', () => {
  /** Names that begin with `ghost` never resolve; all others are this machine. */
  function resolver() {
    const asked: string[] = [];
    const lookup: Lookup = (host) => {
      asked.push(host);
      if (host.startsWith('ghost')) return new Promise(() => undefined);
      return Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    };
    return { asked, lookup };
  }

  async function probing(timeoutMs: number, lookup: Lookup) {
    const made = await httpProbe(timeoutMs, lookup);
    closing.push(made.close);
    return made.probe;
  }

  // A stall of this process excuses the check that is to count: then once more.
  test('that hang keep no service waiting whose name was found before', { retry: 2 }, async () => {
    const { url } = await service((_, response) => send(response, json(200, {})));
    const { lookup } = resolver();
    const check = await probing(1500, lookup);
    const healthy = url.replace('127.0.0.1', 'asr.internal');
    expect((await check(healthy)).problem).toBeNull();
    const ghosts = Array.from({ length: 20 }, (_, i) => check(`http://ghost-${i}.internal/`));
    // Also once its address is no longer fresh.
    for (let i = 0; i < 3; i += 1) {
      const { problem, milliseconds } = await check(healthy);
      expect([problem, milliseconds < 1000]).toEqual([null, true]);
      await new Promise((resolve) => setTimeout(resolve, 550));
    }
    const results = await Promise.all(ghosts);
    // One was looked up and hung; the others never had their turn, which is not their fault.
    expect(results.filter(({ counts }) => counts)).toMatchObject([
      { problem: 'its host name did not resolve within 1.5 s' },
    ]);
  });

  test('are looked up once for all that share them', async () => {
    const { url } = await service((_, response) => send(response, json(200, {})));
    const { asked, lookup } = resolver();
    const check = await probing(2000, lookup);
    const shared = url.replace('127.0.0.1', 'asr.internal');
    await Promise.all(Array.from({ length: 10 }, () => check(shared)));
    expect(asked).toEqual(['asr.internal']);
  });

  test('that are forbidden addresses are found out', async () => {
    const check = await probing(2000, async () => [{ address: '169.254.169.254', family: 4 }]);
    expect(await check('http://asr.internal/')).toMatchObject({
      problem: expect.stringContaining('is a link-local or cloud-metadata address'),
      counts: true,
    });
  });
});

test('a stall of this process fails no check that was answered meanwhile, and uses up no deadline', async () => {
  // Another process: it answers while this one stands still.
  const child = spawn(process.execPath, [
    '-e',
    `const s = require('http').createServer((q, r) => setTimeout(() => r.end('{}'), 50)).listen(0, '127.0.0.1', () => console.log(s.address().port))`,
  ]);
  closing.push(async () => void child.kill('SIGKILL'));
  const port = Number(String(await once(child.stdout, 'data')));
  const made = await httpProbe(400);
  closing.push(made.close);
  const url = `http://127.0.0.1:${port}/health`;
  const standStill = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

  const atOnce = made.probe(url);
  standStill(800);
  expect(await atOnce).toMatchObject({ problem: null, counts: true });
  const underWay = made.probe(url);
  await new Promise((resolve) => setTimeout(resolve, 30));
  standStill(800);
  expect(await underWay).toMatchObject({ problem: null, counts: true });
});
