// Opens the undici pool: TLS material, proxy variables, and a connector that says how long each phase took.
import type { Socket } from 'node:net';
import tls from 'node:tls';
import type { buildConnector as Connect, Dispatcher } from 'undici';
import { monotonicMs } from '../monotonic.js';
import { Agent, buildConnector, request } from '../undici/parts.js';
import type { HttpOptions, Timing } from './http.js';

export interface Pool {
  send(
    url: string,
    options: Omit<Dispatcher.RequestOptions, 'origin' | 'path'>,
  ): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
  /** Origins to which a connection was made at least once: a request to any other never left. */
  reached: Set<string>;
  /** The phases of the connections made since they were last read, by origin. */
  timing: Map<string, Timing>;
  /** When the certificate of an origin runs out, in milliseconds since 1970; by origin. */
  expiry: Map<string, number>;
}

/** Node's own limit, which undici would load node:http to ask for. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Opens a pool whose own timeouts are off: the caller's deadline rules. */
export async function openPool(options: HttpOptions): Promise<Pool> {
  const reached = new Set<string>();
  const timing = new Map<string, Timing>();
  const expiry = new Map<string, number>();
  const credentials = {
    ...(options.ca === undefined ? {} : { ca: [...defaultAuthorities(), options.ca] }),
    ...(options.cert === undefined ? {} : { cert: options.cert }),
    ...(options.key === undefined ? {} : { key: options.key }),
  };
  const base = buildConnector({ timeout: 0, ...credentials });
  const connect: Connect.connector = (target, callback) => {
    const origin = `${target.protocol}//${target.host ?? target.hostname}`;
    const phases: Timing = {};
    timing.set(origin, phases);
    const started = monotonicMs();
    let last = started;
    const lap = () => {
      const now = monotonicMs();
      const spent = now - last;
      last = now;
      return spent;
    };
    // buildConnector returns the socket, which its type leaves out.
    const socket = base(target, (...result) => {
      if (result[0] === null) reached.add(origin);
      callback(...result);
    }) as unknown as Socket;
    socket.once('lookup', () => {
      phases.dns = lap();
    });
    socket.once('connect', () => {
      phases.connect = lap();
    });
    socket.once('secureConnect', () => {
      phases.tls = lap();
      if (socket instanceof tls.TLSSocket) noteExpiry(expiry, origin, socket);
    });
  };
  const pool = {
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 1_000,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  if (!options.proxy) return { ...over(new Agent({ ...pool, connect })), reached, timing, expiry };
  const { http, https, no } = options.proxy;
  const { default: EnvHttpProxyAgent } = await import('undici/lib/dispatcher/env-http-proxy-agent.js');
  const dispatcher = new EnvHttpProxyAgent({
    ...pool,
    connect: credentials,
    requestTls: credentials,
    // As curl does: a tunnel for https only, since many proxies refuse one to port 80.
    proxyTunnel: false,
    ...(http === undefined ? {} : { httpProxy: http }),
    ...(https === undefined ? {} : { httpsProxy: https }),
    ...(no === undefined ? {} : { noProxy: no }),
  });
  return { ...over(dispatcher), reached, timing, expiry };
}

function over(dispatcher: Dispatcher): Pick<Pool, 'send' | 'close'> {
  return {
    send(url, options) {
      const { origin, pathname, search } = new URL(url);
      return request.call(dispatcher, { ...options, origin, path: pathname + search });
    },
    close: () => dispatcher.destroy(),
  };
}

/** A resumed session shows no certificate: what was seen before still holds. */
function noteExpiry(expiry: Map<string, number>, origin: string, socket: tls.TLSSocket): void {
  const at = Date.parse(socket.getPeerCertificate().valid_to);
  if (!Number.isNaN(at)) expiry.set(origin, at);
}

/** What Node trusts without being told; from Node 22.15 on with NODE_EXTRA_CA_CERTS. */
function defaultAuthorities(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (kind: 'default') => string[] };
  return getCACertificates?.('default') ?? tls.rootCertificates;
}
