import { afterEach, describe, expect, test } from 'vitest';
import { isForbidden } from '../../src/registry-server/addresses.js';
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
