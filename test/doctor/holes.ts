// Where requests get lost.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Hole {
  readonly url: string;
  close(): Promise<void>;
}

/** Nothing listens. */
export async function refusing(): Promise<Hole> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // The port from which a connection was made: it is taken, so that nobody comes to listen there, and nothing does.
  const taken = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(taken, 'connect');
  return {
    url: `http://127.0.0.1:${taken.localPort}`,
    async close() {
      taken.destroy();
      server.close();
    },
  };
}

/** Takes connections and says nothing. */
export async function silent(): Promise<Hole> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const LISTENER = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    process.send(server.address().port, () => process.kill(process.pid, 'SIGSTOP'));
  });`;

/** A process that is stopped, and whose queue is full: packets that would open a connection are lost. */
export async function blackHole(): Promise<Hole> {
  const child = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number];
  // Linux keeps one more than the backlog; with two in the queue the next packet is dropped.
  const fill = [connect({ port, host: '127.0.0.1' }), connect({ port, host: '127.0.0.1' })];
  await Promise.all(fill.map((socket) => once(socket, 'connect')));
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      for (const socket of fill) socket.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** A name that never is (RFC 6761 §6.4). */
export async function nameless(): Promise<Hole> {
  return { url: 'http://config-service.invalid:8082', close: async () => undefined };
}
