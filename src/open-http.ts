import { fail } from './errors.js';
import type { ContextFlags, Host } from './host.js';
import type { Http } from './http/http.js';
import { readTextFile } from './inputs.js';
import type { RegistryContext } from './settings.js';

/**
 * The HTTP client by flags, context and proxy variables; undici is loaded with its first request. `own`: the context's
 * values where the registry asked is its own, for the client certificate.
 */
export async function openHttp(
  flags: ContextFlags,
  values: RegistryContext,
  own: RegistryContext,
  host: Host,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
): Promise<Http> {
  const { createHttp } = await import('./http/http.js');
  const pem = async (flag: string | undefined, fromContext: string | undefined) => {
    const path = flag ?? fromContext;
    return path === undefined ? undefined : readPem(path, host.signal);
  };
  const [ca, cert, key] = await Promise.all([
    pem(flags['ca-file'], values.ca_file),
    pem(flags['cert-file'], own.cert_file),
    pem(flags['key-file'], own.key_file),
  ]);
  const timeoutMs = flags.timeout ?? (values.timeout === undefined ? undefined : values.timeout * 1000);
  const proxy = proxyOf(host.environment);
  return createHttp({
    signal: host.signal,
    userAgent: host.userAgent,
    random: Math.random,
    sleep,
    stale: staleNotice(host),
    slow: ({ url }) => host.progress(`Waiting for ${new URL(url).origin}`),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(flags.retries === undefined ? {} : { retries: flags.retries }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(proxy === undefined ? {} : { proxy }),
    changing: host.changing,
    ...(host.trace === undefined ? {} : { trace: host.trace }),
  });
}

/** Says once for each registry what its answers say of themselves. */
function staleNotice({ notify }: Host): (request: { url: string }, seconds: number) => void {
  const told = new Set<string>();
  return ({ url }, seconds) => {
    const { origin } = new URL(url);
    if (told.has(origin)) return;
    told.add(origin);
    notify(
      `Warning: ${origin} answers from memory, ${seconds} s out of date: it has lost touch with its engines or the other replicas. See its /health.`,
    );
  };
}

/** Node passes over a file without a PEM block in it, and what it was meant to make trusted stays untrusted. */
async function readPem(path: string, signal: AbortSignal): Promise<string> {
  const text = await readTextFile(path, 'The PEM file', signal);
  if (text.includes('-----BEGIN ')) return text;
  throw fail('USAGE', {
    what: `The PEM file ${path} holds neither a certificate nor a key:`,
    why: 'it has no line -----BEGIN CERTIFICATE----- or the like.',
    next: 'Convert it to PEM, for DER with `openssl x509 -inform der -in FILE`.',
  });
}

function proxyOf(
  environment: Host['environment'],
): { http?: string; https?: string; no?: string } | undefined {
  const pick = (name: string) => environment[name.toLowerCase()] || environment[name] || undefined;
  const [http, https, no] = [pick('HTTP_PROXY'), pick('HTTPS_PROXY'), pick('NO_PROXY')];
  requireProxyUrl('HTTP_PROXY', http);
  requireProxyUrl('HTTPS_PROXY', https);
  if (http === undefined && https === undefined) return undefined;
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    ...(no === undefined ? {} : { no }),
  };
}

function requireProxyUrl(setting: string, url: string | undefined): void {
  if (url === undefined || (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) return;
  throw fail('INVALID_SETTING', {
    setting,
    origin: 'environment',
    problem: 'is not an http or https URL',
    next: 'Write it as http://HOST:PORT, with http://USER:PASSWORD@HOST:PORT where the proxy wants credentials.',
  });
}
