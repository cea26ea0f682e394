// ZooKeeper's four-letter word `srvr` (ZooKeeper Administrator's Guide, "The Four Letter Words").
import { connect } from 'node:net';
import type { Address } from '../../engines/address.js';
import { type EngineAnswer, failed, MAX_BYTES, otherProtocol, silent } from './answer.js';

/** Asks a server for its mode, over one connection that ends with `signal`. Never rejects. */
export function askZookeeper({ host, port }: Address, signal: AbortSignal): Promise<EngineAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const chunks: Buffer[] = [];
    let connected = false;
    let bytes = 0;
    const stop = () => {
      resolve(silent(connected));
      socket.destroy();
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    socket.on('connect', () => {
      connected = true;
      socket.write('srvr');
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_BYTES) socket.destroy();
    });
    socket.on('error', (error) => resolve(failed(error)));
    // It closes the connection behind its answer.
    socket.on('close', () => {
      signal.removeEventListener('abort', stop);
      resolve(read(Buffer.concat(chunks)));
    });
  });
}

function read(answer: Buffer): EngineAnswer {
  const text = answer.toString('latin1');
  if (text === '') return { problem: 'ENGINE_BROKE', seen: 'it closed the connection without an answer' };
  if (/^This ZooKeeper instance is not currently serving requests/.test(text))
    return { problem: 'ENGINE_NOT_SERVING', seen: 'this instance is not currently serving requests' };
  if (/^srvr is not executed because it is not in the whitelist/.test(text))
    return { problem: 'ENGINE_NOT_TELLING', seen: 'srvr is not in its whitelist' };
  const mode = /^Mode: (leader|follower|observer|standalone|read-only)\r?$/m.exec(text)?.[1];
  if (mode === undefined) return otherProtocol(answer);
  if (mode === 'read-only')
    return {
      problem: 'ENGINE_READ_ONLY',
      seen: 'its mode is read-only: it sees no majority of its ensemble',
    };
  const version = /^Zookeeper version: ([\d.]{1,20})/.exec(text)?.[1];
  return { well: version === undefined ? mode : `${mode}, version ${version}` };
}
