import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { batchWrites, holdNothing } from '../../src/registry-server/http/batched-writes.js';

let server: Server;
afterEach(() => server.close());

async function listen(answer: Parameters<typeof createServer>[1]): Promise<number> {
  server = createServer(answer);
  batchWrites(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: registry\r\n\r\n`;
const LAST = 'GET /last HTTP/1.1\r\nHost: registry\r\nConnection: close\r\n\r\n';

it('answers requests that came in one piece, in their order', async () => {
  const port = await listen((asked, answer) => answer.end(asked.url));
  const socket = connect(port, '127.0.0.1');
  socket.write(request('/first') + request('/second') + LAST);
  expect((await text(socket)).match(/\/(first|second|last)/g)?.join(' ')).toBe('/first /second /last');
});

it('answers more connections than it holds at once', async () => {
  const port = await listen((asked, answer) => answer.end(asked.url));
  const bodies = Array.from({ length: 100 }, async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(LAST);
    return (await text(socket)).split('\r\n\r\n')[1];
  });
  expect(new Set(await Promise.all(bodies))).toEqual(new Set(['/last']));
});

it('sends what it holds before idle connections are closed', async () => {
  const port = await listen((_asked, answer) => {
    answer.end('whole');
    process.nextTick(() => server.closeIdleConnections());
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(request('/'));
  expect(await text(socket)).toMatch(/whole$/);
});

it('goes on where a caller went away before its answer', async () => {
  const port = await listen((asked, answer) => {
    answer.end(asked.url);
    if (asked.url === '/gone') asked.socket.destroy();
  });
  const gone = connect(port, '127.0.0.1');
  gone.write(request('/gone'));
  await once(gone, 'close');
  const socket = connect(port, '127.0.0.1');
  socket.write(LAST);
  expect(await text(socket)).toMatch(/\/last$/);
});

it('holds nothing of a connection that tells news', async () => {
  let written = 0;
  const port = await listen((asked, answer) => {
    holdNothing(asked.socket);
    answer.end('news');
    written = asked.socket.bytesWritten - asked.socket.writableLength;
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(LAST);
  await text(socket);
  expect(written).toBeGreaterThan(0);
});
