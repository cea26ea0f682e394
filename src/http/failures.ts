import { fail, RegctlError } from '../errors.js';

export interface Attempt {
  url: string;
  seconds: number;
  timedOut: boolean;
  /** A connection to the origin was made before. */
  reached: boolean;
  /** Its method changes nothing. */
  safe: boolean;
  interrupted: boolean;
  /** A proxy is set, so that what failed may be the proxy. */
  proxied: boolean;
}

const DNS = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);
const REFUSED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EHOSTDOWN',
  'EACCES',
]);

/** Turns what undici, net, tls or zlib threw into an error of the catalogue. */
export function connectionError(error: unknown, attempt: Attempt): unknown {
  if (error instanceof RegctlError) return error;
  const { url, seconds, safe } = attempt;
  // Where no connection was made the path does not matter: the origin is what to look at.
  const { origin } = new URL(url);
  if (attempt.timedOut) {
    if (attempt.reached) return fail('TIMED_OUT', { url, seconds, safe }, error);
    return fail('CONNECT_TIMED_OUT', { url: origin, seconds }, error);
  }
  if (attempt.interrupted) return error;
  const { code, name } = rootCause(error);
  const { kind, cause } = whyNoConnection(error);
  const via = attempt.proxied ? '; by way of a proxy, see HTTP_PROXY, HTTPS_PROXY and NO_PROXY' : '';
  if (kind === 'dns') return fail('DNS_FAILED', { url: origin, cause: cause + via }, error);
  if (kind === 'refused') return fail('CONNECTION_REFUSED', { url: origin, cause: cause + via }, error);
  if (kind === 'tls') return fail('TLS_FAILED', { url: origin, cause }, error);
  if (name === 'HTTPParserError')
    return fail('NOT_THE_API', { url: origin, seen: 'what listens there does not speak HTTP' }, error);
  if (code.startsWith('Z_')) return fail('NOT_THE_API', { url, seen: 'the answer is not valid gzip' }, error);
  return fail('CONNECTION_FAILED', { url, cause, safe }, error);
}

/** What kept a connection from being made, or broke it; `cause` is the code of the system or of TLS, else the message. */
export function whyNoConnection(error: unknown): {
  kind: 'dns' | 'refused' | 'tls' | 'broke';
  cause: string;
} {
  const { code, message } = rootCause(error);
  if (DNS.has(code)) return { kind: 'dns', cause: code };
  if (REFUSED.has(code)) return { kind: 'refused', cause: code };
  if (isTls(code, message)) return { kind: 'tls', cause: tlsCause(code, message) };
  return { kind: 'broke', cause: code === 'UND_ERR_SOCKET' || code === '' ? message : code };
}

/** With several addresses (IPv4, IPv6) Node throws an AggregateError; the first says what happened. */
function rootCause(error: unknown): { code: string; name: string; message: string } {
  let current = error;
  while (current instanceof Error) {
    const next: unknown = current instanceof AggregateError ? current.errors[0] : current.cause;
    if (!(next instanceof Error)) break;
    current = next;
  }
  if (!(current instanceof Error)) return { code: '', name: '', message: String(current) };
  const { name, message } = current;
  return { code: 'code' in current ? String(current.code ?? '') : '', name, message };
}

function isTls(code: string, message: string): boolean {
  return (
    /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME_MISMATCH)/.test(code) ||
    /\bSSL\b/.test(message)
  );
}

function tlsCause(code: string, message: string): string {
  if (/wrong version number|packet length too long/i.test(message))
    return 'the port speaks plain HTTP, not TLS';
  return code === '' ? message : code;
}
