import { connect } from 'node:net';

const TIMEOUT_MS = 3_000;

/**
 * The address of this machine that `url` is reached from, loopback where it is on loopback: whoever answers there can
 * most likely reach it, too. Undefined where no direct connection can be made, as behind a proxy.
 */
export function addressTowards(url: string, signal: AbortSignal): Promise<string | undefined> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const target = { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
  return new Promise((resolve) => {
    const socket = connect({ ...target, signal });
    const end = (address?: string) => {
      socket.destroy();
      resolve(address);
    };
    socket.setTimeout(TIMEOUT_MS, () => end());
    socket.once('error', () => end());
    socket.once('connect', () => end(socket.localAddress));
  });
}
