// The one catalogue of errors: code → exit code, what and why, next step (cli.md, "exit").

/** Exit codes, the same for every output format. */
export const EXIT = { ok: 0, no: 1, usage: 2, unknown: 3, refused: 4, bug: 70 } as const;

interface Entry<P> {
  exit: number;
  /** What happened and why, in one or two sentences. */
  message: (params: P) => string;
  /** What to do next. */
  hint: (params: P) => string;
}

const entry = <P>(exit: number, message: (p: P) => string, hint: (p: P) => string): Entry<P> => ({
  exit,
  message,
  hint,
});

type Why = { what: string; why: string; next: string };
type Call = { url: string; cause?: string };

/** Whether a request that got no answer was one that changes nothing. */
type Sent = { safe: boolean };

const mayBeDone = ({ safe }: Sent): string =>
  safe ? '' : 'It may have been carried out all the same: look before you repeat it. ';

const CHECK_URL = 'Check the URL with `regctl context show --resolved`';
const CLIENT_CERTIFICATE = 'Where the server asks for a client certificate: --cert-file and --key-file.';

const dockerHint = ({ url }: Call): string =>
  /\/\/(localhost|127\.|\[::1\])/.test(url)
    ? ' Inside a container use the service name (http://config-service:8082), not localhost.'
    : '';

export const CATALOGUE = {
  // 2: usage
  USAGE: entry<Why>(
    EXIT.usage,
    (p) => `${p.what} ${p.why}`.trim(),
    (p) => p.next,
  ),
  INVALID_NAME: entry<{ kind: 'service' | 'instance' | 'context'; name: string; rule: string }>(
    EXIT.usage,
    (p) =>
      `"${p.name}" cannot be the name of ${p.kind === 'instance' ? 'an instance' : `a ${p.kind}`}: a name is ${p.rule}.`,
    (p) => `See the names there are with \`regctl ${p.kind === 'context' ? 'context list' : 'list'}\`.`,
  ),
  CONTEXT_NOT_FOUND: entry<{ name: string; known: string }>(
    EXIT.usage,
    (p) => `There is no context ${p.name}: ${p.known === '' ? 'none is set' : `there are ${p.known}`}.`,
    () => 'Add one with `regctl context set NAME --registry URL`.',
  ),
  INVALID_SETTING: entry<{ setting: string; origin: string; problem: string; next?: string }>(
    EXIT.usage,
    (p) => `${p.setting} (from ${p.origin}) ${p.problem}.`,
    (p) => p.next ?? 'See where each setting comes from with `regctl context show --resolved`.',
  ),
  MISSING_SETTING: entry<{ setting: string; purpose: string; next: string }>(
    EXIT.usage,
    (p) => `${p.setting} is not set, and ${p.purpose}.`,
    (p) => p.next,
  ),
  UNTRUSTED_URL: entry<{ url: string; secretOrigin: string }>(
    EXIT.usage,
    (p) =>
      `The registry URL ${p.url} came from the .env of this folder, the secret from ${p.secretOrigin}: no token signed with it is sent there.`,
    () => 'If you trust this folder, say so with --trust-env-file; else give the URL with --registry.',
  ),
  CANNOT_SERVE: entry<Why>(
    EXIT.usage,
    (p) => `${p.what} ${p.why}`,
    (p) => p.next,
  ),

  // 1: the answer is no
  SERVICE_NOT_FOUND: entry<{ service: string; url: string; api: 'config-service' | 'coordinator' }>(
    EXIT.no,
    (p) =>
      `No service named ${p.service} is registered at ${p.url}${
        p.api === 'coordinator' ? ', or it is down: a Coordinator need not tell which' : ''
      }.`,
    () => 'See the services there are with `regctl list`.',
  ),
  NO_SERVICES: entry<{ url: string }>(
    EXIT.no,
    (p) => `No service is registered at ${p.url}, so there is none to choose from.`,
    () => 'Register one with `regctl register`, or check the registry with `regctl context show`.',
  ),
  INSTANCE_NOT_FOUND: entry<{ service: string; instance: string }>(
    EXIT.no,
    (p) => `${p.service} has no instance ${p.instance}: the registry does not list it.`,
    (p) => `See its instances with \`regctl describe ${p.service}\`.`,
  ),
  NO_HEALTHY_INSTANCE: entry<{ service: string; why: string }>(
    EXIT.no,
    (p) => `${p.service} has no healthy instance: ${p.why}.`,
    (p) => `See why with \`regctl describe ${p.service}\` or \`regctl doctor --service ${p.service}\`.`,
  ),
  STILL_REGISTERED: entry<{ service: string; instance: string }>(
    EXIT.no,
    (p) =>
      `${p.service}/${p.instance} is still listed although the registry answered that it deregistered it: it registers itself again, or the registry answers from a cache.`,
    (p) => `Look again in a minute with \`regctl describe ${p.service}\`.`,
  ),
  CANNOT_LIST: entry<{ url: string }>(
    EXIT.no,
    (p) =>
      `The registry at ${p.url} cannot list services: a Coordinator need not offer GET /services, and this one answers 404.`,
    () => 'Ask for one service by name: `regctl describe SERVICE`.',
  ),
  NOT_HEARTBEATING: entry<Why>(
    EXIT.no,
    (p) => `${p.what} ${p.why}`,
    (p) => p.next,
  ),
  MESSAGE_FAILED: entry<{ url: string; status: number; detail: string; traceId: string }>(
    EXIT.no,
    (p) => `The service at ${p.url} answered the message with ${p.status}: ${p.detail}.`,
    (p) => `Look for trace id ${p.traceId} in its log.`,
  ),
  NOT_DISCOVERABLE: entry<{ service: string; instance: string; seconds: number; why: string }>(
    EXIT.no,
    (p) =>
      `${p.service}/${p.instance} is registered, but was not discoverable within ${p.seconds} s: ${p.why}.`,
    (p) => `See why with \`regctl describe ${p.service}\`.`,
  ),

  // 3: could not find out
  DNS_FAILED: entry<Call>(
    EXIT.unknown,
    (p) => `Cannot reach ${p.url}: its host name does not resolve (${p.cause ?? 'DNS'}).`,
    () => `${CHECK_URL}; Docker service names resolve only inside the Docker network.`,
  ),
  CONNECTION_REFUSED: entry<Call>(
    EXIT.unknown,
    (p) => `Cannot reach ${p.url}: nothing accepts connections there (${p.cause ?? 'connection refused'}).`,
    (p) => `Check that it runs, and its port; \`regctl serve\` starts a registry.${dockerHint(p)}`,
  ),
  TLS_FAILED: entry<Call>(
    EXIT.unknown,
    (p) => `Cannot reach ${p.url}: no trusted TLS connection (${p.cause ?? 'TLS'}).`,
    () =>
      `Check http against https in the URL; for a private authority give --ca-file. ${CLIENT_CERTIFICATE}`,
  ),
  CONNECTION_FAILED: entry<Call & Sent>(
    EXIT.unknown,
    (p) => `No answer from ${p.url}: the connection broke (${p.cause ?? 'unknown cause'}).`,
    (p) =>
      `${mayBeDone(p)}${CHECK_URL} (its port, http against https), and what stands between (proxy, firewall).${p.url.startsWith('https:') ? ` ${CLIENT_CERTIFICATE}` : ''}`,
  ),
  TIMED_OUT: entry<Call & Sent & { seconds: number }>(
    EXIT.unknown,
    (p) => `No answer from ${p.url} within ${p.seconds} s.`,
    (p) => `${mayBeDone(p)}Give it longer with --timeout, or find what is slow with \`regctl doctor\`.`,
  ),
  CONNECT_TIMED_OUT: entry<Call & { seconds: number }>(
    EXIT.unknown,
    (p) => `Cannot reach ${p.url}: no connection within ${p.seconds} s.`,
    () => `${CHECK_URL}, and what stands between (firewall, network); --timeout waits longer.`,
  ),
  REDIRECTED: entry<Call & { to: string }>(
    EXIT.unknown,
    (p) =>
      `${p.url} redirects to ${p.to}, and redirects are not followed, so that credentials stay where they belong.`,
    () =>
      'If that is where you mean to go, give that URL itself: --registry, the environment, or the registration.',
  ),
  ANSWER_TOO_LARGE: entry<Call & { limit: string }>(
    EXIT.unknown,
    (p) => `The answer of ${p.url} is larger than ${p.limit}: reading was stopped.`,
    () => `A registry does not answer that much. ${CHECK_URL}.`,
  ),
  NOT_THE_API: entry<Call & { seen: string }>(
    EXIT.unknown,
    (p) => `${p.url} did not answer as a registry does: ${p.seen}.`,
    () => `${CHECK_URL}, and --api where the registry is of the other kind.`,
  ),
  NOT_A_MESSAGE_ANSWER: entry<Call & { seen: string }>(
    EXIT.unknown,
    (p) => `The service at ${p.url} did not answer as a receiver of messages does: ${p.seen}.`,
    () =>
      'Check that the registered URL is that of the service and not of something before it; the message may have been carried out.',
  ),
  SERVER_ERROR: entry<Call & { status: number; detail: string }>(
    EXIT.unknown,
    (p) => `${p.url} failed with ${p.status}: ${p.detail.replace(/\.$/, '')}.`,
    () => 'Find out what is wrong with the registry: `regctl doctor`.',
  ),
  INSTANCES_UNREADABLE: entry<{ service: string; why: string }>(
    EXIT.unknown,
    (p) => `Which instances ${p.service} has cannot be seen. ${p.why}`,
    (p) => `Name the one to remove: \`regctl deregister ${p.service} INSTANCE\`; or ask \`regctl doctor\`.`,
  ),

  OUTPUT_FAILED: entry<{ cause: string }>(
    EXIT.unknown,
    (p) => `The result cannot be written to standard output: ${p.cause}.`,
    () => 'Make room or give another place to write to; what was asked for may have been carried out.',
  ),

  // 2 again, but said by the registry
  REGISTRY_REFUSED_INPUT: entry<Call & { detail: string }>(
    EXIT.usage,
    (p) => `The registry refused the request: ${p.detail}.`,
    () => 'Nothing was changed. Correct the value and try again; --dry-run shows the request.',
  ),

  // 4: refused
  UNAUTHORIZED: entry<Call & { detail: string }>(
    EXIT.refused,
    (p) => `${p.url} refused the request with 401: ${p.detail}.`,
    () =>
      'Check that JWT_SECRET is the one the other side expects, and SERVICE_ID the one it assigned; a key of its own goes into a context (`regctl context set NAME --header-file FILE`).',
  ),
  FORBIDDEN: entry<Call & { detail: string }>(
    EXIT.refused,
    (p) => `${p.url} refused the request with 403: ${p.detail}.`,
    () =>
      'Check that SERVICE_ID may do this; a key that the registry wants goes into a context (`regctl context set NAME --header-file FILE`).',
  ),
  READ_ONLY: entry<Call>(
    EXIT.refused,
    (p) => `${p.url} takes no changes: the registry is read-only. Nothing was changed.`,
    () =>
      'Try again when it takes changes, or name a registry that does with --registry; whoever runs it started it with --read-only.',
  ),

  // signals and bugs
  INTERRUPTED: entry<{ exit: number; signal: string; changed: boolean }>(
    130,
    (p) => `Interrupted (${p.signal}).`,
    (p) =>
      p.changed
        ? 'What was sent before may have been carried out: look with `regctl describe SERVICE`.'
        : 'Nothing was changed.',
  ),
  BUG: entry<{ cause: string }>(
    EXIT.bug,
    (p) => `regctl itself failed: ${p.cause}.`,
    () => 'Please report this, with what --debug prints.',
  ),
} as const;

export type ErrorCode = keyof typeof CATALOGUE;
export type ErrorParams<C extends ErrorCode> = Parameters<(typeof CATALOGUE)[C]['message']>[0];

/** An error of the catalogue: what `base-command` turns into an exit code and a text or JSON document. */
export class RegctlError extends Error {
  override readonly name = 'RegctlError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly exit: number;

  constructor(code: ErrorCode, fields: { message: string; hint: string; exit: number }, cause?: unknown) {
    super(fields.message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = fields.hint;
    this.exit = fields.exit;
  }
}

/** Makes the error `code` of the catalogue from its parameters. */
export function fail<C extends ErrorCode>(code: C, params: ErrorParams<C>, cause?: unknown): RegctlError {
  const found = CATALOGUE[code] as unknown as Entry<ErrorParams<C>>;
  const exit = 'exit' in params ? (params.exit as number) : found.exit;
  return new RegctlError(code, { message: found.message(params), hint: found.hint(params), exit }, cause);
}
