// Answers of one turn of the event loop go out together, at its end.
import type { Server } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';

/** Callers of more than these begin to read while the rest is dealt with. */
const AT_ONCE = 16;

/**
 * Holds what is written to the connections of `server` until the requests that came beside it are dealt with, as Redis
 * does with its replies: a write to a caller that sleeps costs ten times as much as one to a caller that is awake, and so
 * it is woken once for many answers. Node corks a connection for every answer and uncorks it at the end; that is when
 * this has its say.
 */
export function batchWrites(server: Server): void {
  let held: Socket[] = [];
  const flush = () => {
    const sockets = held;
    held = [];
    // Of one that is here twice the second time does nothing.
    for (const socket of sockets) sendHeld(socket);
  };
  function hold(this: Socket): void {
    if (held.length === 0) setImmediate(flush);
    held.push(this);
    if (held.length === AT_ONCE) flush();
  }
  server.on(server instanceof HttpsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    socket.uncork = hold;
  });
  // To Node a connection is idle whose answer is complete, also where it is held.
  const { closeIdleConnections } = server;
  server.closeIdleConnections = () => {
    flush();
    closeIdleConnections.call(server);
  };
}

/** Sends what is held of one connection, which is about to be cut. */
export function sendHeld(socket: Socket): void {
  Writable.prototype.uncork.call(socket);
}

/** From now on nothing is held of this connection: what is told on it is news, and sent to many at once as it is. */
export function holdNothing(socket: Socket): void {
  // What is left is Node's own.
  Reflect.deleteProperty(socket, 'uncork');
  sendHeld(socket);
}
