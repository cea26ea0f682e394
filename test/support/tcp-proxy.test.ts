// The proxy of the fault suite does what it says: else a fault that was not there would pass for one survived.
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from './start-registry.js';
import { startProxy, type TcpProxy } from './tcp-proxy.js';

interface End {
  readonly socket: Socket;
  /** All that arrived. */
  text: string;
  /** How it ended, undefined while it is open. */
  ended: string | undefined;
}

function endOf(socket: Socket): End {
  const end: End = { socket, text: '', ended: undefined };
  socket.on('data', (chunk) => {
    end.text += chunk.toString();
  });
  socket.on('end', () => {
    end.ended ??= 'end';
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    end.ended ??= error.code;
  });
  onTestFinished(() => void socket.destroy());
  return end;
}

/** A target that answers every chunk with itself in capitals, behind a proxy. */
async function proxied(): Promise<{ proxy: TcpProxy; targets: End[]; connect(): End }> {
  const targets: End[] = [];
  const server = net.createServer((socket) => {
    targets.push(endOf(socket));
    socket.on('data', (chunk) => void socket.write(chunk.toString().toUpperCase()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startProxy((server.address() as AddressInfo).port);
  onTestFinished(async () => {
    await proxy.close();
    server.close();
  });
  const connect = () => endOf(net.connect(proxy.port, '127.0.0.1'));
  return { proxy, targets, connect };
}

const says = (end: End, text: string) =>
  eventually(
    async () => end.text,
    (seen) => seen === text,
  );

const ends = (end: End | undefined, how: string) =>
  eventually(
    async () => end?.ended,
    (seen) => seen === how,
  );

test('hands on both ways, counts, and an end is an end', async () => {
  const { proxy, targets, connect } = await proxied();
  const client = connect();
  client.socket.write('abc');
  await says(client, 'ABC');
  expect([proxy.bytes, proxy.connections, proxy.held]).toEqual([{ up: 3, down: 3 }, 1, 0]);
  client.socket.end();
  await ends(targets[0], 'end');
  await eventually(
    async () => proxy.connections,
    (connections) => connections === 0,
  );
});

test('cut resets both sides and whoever comes, until it is healed; reset lets new ones in', async () => {
  const { proxy, targets, connect } = await proxied();
  const client = connect();
  client.socket.write('a');
  await says(client, 'A');
  proxy.cut();
  await ends(client, 'ECONNRESET');
  await ends(targets[0], 'ECONNRESET');
  await ends(connect(), 'ECONNRESET');
  proxy.heal();
  const next = connect();
  next.socket.write('b');
  await says(next, 'B');
  proxy.reset();
  await ends(next, 'ECONNRESET');
  const last = connect();
  last.socket.write('c');
  await says(last, 'C');
  expect(proxy.resets).toBe(3);
});

test('a black hole swallows bytes and ends; healed, all of it arrives late', async () => {
  const { proxy, targets, connect } = await proxied();
  const client = connect();
  client.socket.write('a');
  await says(client, 'A');
  proxy.blackHole();
  const silent = connect();
  client.socket.write('b');
  client.socket.end();
  silent.socket.write('cd');
  await eventually(
    async () => proxy.held,
    (held) => held === 3,
  );
  expect([targets[0]?.text, targets[0]?.ended, client.text, silent.text]).toEqual(['a', undefined, 'A', '']);
  proxy.heal();
  await says(silent, 'CD');
  await says(client, 'AB');
  await ends(targets[0], 'end');
});

test('half open, requests arrive and answers do not, or the reverse', async () => {
  const { proxy, targets, connect } = await proxied();
  const client = connect();
  proxy.halfOpen('up');
  client.socket.write('a');
  await eventually(
    async () => [targets[0]?.text, proxy.held],
    ([text, held]) => text === 'a' && held === 1,
  );
  expect(client.text).toBe('');
  proxy.halfOpen('down');
  await says(client, 'A');
  client.socket.write('b');
  targets[0]?.socket.write('!');
  await says(client, 'A!');
  expect(targets[0]?.text).toBe('a');
});

test('orphaned, the client hears nothing of it that the target is gone', async () => {
  const { proxy, targets, connect } = await proxied();
  const client = connect();
  client.socket.write('a');
  await says(client, 'A');
  proxy.orphan();
  await ends(targets[0], 'ECONNRESET');
  client.socket.write('b');
  const next = connect();
  next.socket.write('c');
  await says(next, 'C');
  expect([client.text, client.ended]).toEqual(['A', undefined]);
});

test('delays each way, in order', async () => {
  const { proxy, connect } = await proxied();
  const client = connect();
  proxy.delay(50);
  const began = performance.now();
  client.socket.write('a');
  await says(client, 'A');
  expect(performance.now() - began).toBeGreaterThanOrEqual(99);
  client.socket.write('b');
  await eventually(
    async () => proxy.held,
    (held) => held === 1,
  );
  proxy.heal();
  client.socket.write('c');
  await says(client, 'ABC');
});

test('acts before or after the very bytes, wherever chunks begin', async () => {
  const { proxy, targets, connect } = await proxied();
  const client = connect();
  const before = proxy.when({ direction: 'up', bytes: 'commit', moment: 'before' }, () => proxy.blackHole());
  client.socket.write('begin com');
  await says(client, 'BEGIN COM');
  client.socket.write('mit');
  await before;
  expect(targets[0]?.text).toBe('begin com');
  proxy.heal();
  await says(client, 'BEGIN COMMIT');
  const after = proxy.when({ direction: 'down', bytes: 'DONE', moment: 'after' }, () => proxy.reset());
  client.socket.write('done or not');
  await after;
  // The last bytes and the reset come at once, which Node reads as an end.
  await eventually(
    async () => client.ended,
    (how) => how !== undefined,
  );
  expect([client.text, proxy.resets]).toEqual(['BEGIN COMMITDONE', 1]);
});
