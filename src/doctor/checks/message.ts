// message.*: is POST /message closed to every kind of bad token. Nothing here is sent with a token that should do.
import { randomBytes, randomUUID } from 'node:crypto';
import type { HttpAnswer } from '../../http/http.js';
import { messageUrl } from '../../messaging/send.js';
import { mintToken, tokenPart } from '../../messaging/token.js';
import { jsonOrUndefined } from '../../registry-client/answers.js';
import type { Instance } from '../../registry-client/client.js';
import { Secret } from '../../secret.js';
import { sideBySide } from '../../side-by-side.js';
import type { Envelope } from '../../wire/message.js';
import { attempt, because } from '../attempt.js';
import {
  blockedBy,
  type Finding,
  few,
  finding,
  found,
  notApplicable,
  pass,
  serviceCheck,
  verdict,
} from '../check.js';
import type { DoctorContext, ServiceContext } from '../context.js';
import { sh } from '../findings/entry.js';
import { jwtSecret, usesTokens } from './env.js';
import { leakIn, saidBy } from './message-leaks.js';
import { AT_ONCE, address, label, urlReachable } from './registration.js';

interface Bad {
  id: string;
  title: string;
  /** What is sent, after "a message with". */
  what: string;
  about: string;
  /** It needs a token signed with JWT_SECRET. */
  signed?: boolean;
  /** The Authorization header; undefined for none. */
  authorization(context: ServiceContext): Promise<string | undefined>;
  /** The header's part of a curl command, and what comes before the command. */
  curl: { before?: string; header?: string };
}

const CODES = [
  'TOKEN_ACCEPTED',
  'REFUSED_OTHERWISE',
  'NO_MESSAGE_ENDPOINT',
  'BODY_BEFORE_TOKEN',
  'MESSAGE_ENDPOINT_BROKEN',
  'MESSAGE_NO_ANSWER',
  'TOKEN_WITHHELD',
];

/** How long a token lives that is sent, seconds. */
export const TTL_S = 60;

/** What the answers to a bad token are good for. */
export interface Tries {
  /** False where they do not come from an endpoint that checks tokens. */
  readonly telling: boolean;
  readonly answers: readonly { instance: string; what: string; text: string; reproduce: string }[];
}

/** It checks tokens, if not as it should. */
const TELLING: ReadonlySet<string> = new Set(['TOKEN_ACCEPTED', 'REFUSED_OTHERWISE']);

function rejects({ id, title, what, about, signed, authorization, curl }: Bad) {
  return serviceCheck({
    id,
    title,
    about: `${about} 401 or 403 passes. 404, 5xx and silence are unknown, never taken for a refusal; so is 422 about the body, which was looked at before the token then. The message is a query that asks for nothing.`,
    checklist: ['integration.2'],
    requires: [urlReachable],
    codes: CODES,
    timeoutMs: 30_000,
    async run(context, [{ alive }]) {
      if (signed && !usesTokens(context)) return notApplicable('there is no JWT_SECRET and no SERVICE_ID');
      if (signed && context.secret === undefined) return blockedBy(jwtSecret, 'JWT_SECRET is not set');
      const made = await attempt(() => authorization(context));
      if (made.error?.code === 'INVALID_SETTING') return blockedBy(jwtSecret, because(made.error));
      if (made.error) return found(finding('TOKEN_WITHHELD', { why: because(made.error) }));
      const header = made.value;
      const tried = await sideBySide(alive, AT_ONCE, (instance) =>
        refusal(instance, what, header, curl, context),
      );
      const findings = tried.flatMap(({ finding: each }) => (each ? [each] : []));
      if (
        findings.every(({ code }) => code === 'NO_MESSAGE_ENDPOINT') &&
        findings.length > 0 &&
        !usesTokens(context)
      )
        return notApplicable('it takes no messages, and this deployment follows the registry guide alone');
      const facts: Tries = {
        telling: findings.every(({ code }) => TELLING.has(code)),
        answers: tried.flatMap(({ answer }) => (answer ? [answer] : [])),
      };
      if (findings.length > 0) return found(findings, { facts });
      return pass(few(tried.map(({ status }) => `${status}`)), facts);
    },
  });
}

async function refusal(
  instance: Instance,
  what: string,
  authorization: string | undefined,
  curl: Bad['curl'],
  { http, secret }: ServiceContext,
): Promise<{ status?: number; answer?: Tries['answers'][number]; finding?: Finding }> {
  const url = messageUrl(address(instance) ?? '');
  const json: Envelope = { type: 'query', payload: { action: 'ping' }, trace_id: randomUUID() };
  const headers = authorization === undefined ? {} : { authorization };
  const asked = await attempt(() => http.send({ method: 'POST', url, json, headers, maxBytes: 1024 * 1024 }));
  const about = { instance: label(instance), what, reproduce: curlCommand(url, curl) };
  if (asked.error) return { finding: finding('MESSAGE_NO_ANSWER', { ...about, seen: because(asked.error) }) };
  const judged = judge(asked.value, about, secret);
  const answer = { ...about, text: asked.value.text };
  return judged === undefined ? { status: asked.value.status, answer } : { answer, finding: judged };
}

/** What an answer to a bad token means; undefined where it is a refusal. */
function judge(
  answer: HttpAnswer,
  about: { instance: string; what: string; reproduce: string },
  secret: ServiceContext['secret'],
): Finding | undefined {
  const { status } = answer;
  const with_ = { ...about, status, said: saidBy(answer, secret) };
  if (status === 401 || status === 403) return undefined;
  if (status >= 200 && status <= 299) return finding('TOKEN_ACCEPTED', with_);
  if (status === 404 || status === 405) return finding('NO_MESSAGE_ENDPOINT', with_);
  if (status === 422 && blamesHeader(answer)) return finding('REFUSED_OTHERWISE', with_);
  if (status >= 400 && status <= 499) return finding('BODY_BEFORE_TOKEN', with_);
  return finding('MESSAGE_ENDPOINT_BROKEN', with_);
}

/** FastAPI's 422 where the header is a required parameter: `{"detail":[{"loc":["header","authorization"],…}]}`. */
function blamesHeader(answer: HttpAnswer): boolean {
  const body = jsonOrUndefined(answer.text);
  const detail: unknown =
    typeof body === 'object' && body !== null && 'detail' in body ? body.detail : undefined;
  return Array.isArray(detail) && detail.length > 0 && detail.every((each) => isHeaderIssue(each));
}

function isHeaderIssue(issue: unknown): boolean {
  const loc: unknown = typeof issue === 'object' && issue !== null && 'loc' in issue ? issue.loc : undefined;
  return Array.isArray(loc) && loc[0] === 'header';
}

/** Posts a message of a type with curl; `before` makes what the header needs. */
export function curlCommand(url: string, { before, header }: Bad['curl'], type = 'query'): string {
  const body = `'{"type":"${type}","payload":{"action":"ping"},"trace_id":"1"}'`;
  const authorization = header === undefined ? '' : ` -H "Authorization: ${header}"`;
  const command = `curl -sS -i -X POST ${sh(url)} -H 'Content-Type: application/json'${authorization} -d ${body}`;
  return before === undefined ? command : `${before}; ${command}`;
}

export const missing = rejects({
  id: 'message.rejects-missing',
  title: 'A message without a token is refused',
  what: 'no token',
  about: 'No Authorization header at all.',
  authorization: async () => undefined,
  curl: {},
});

export const malformed = rejects({
  id: 'message.rejects-malformed',
  title: 'A message with a malformed token is refused',
  what: 'a malformed token',
  about: 'A bearer token that is no JWT.',
  authorization: async () => 'Bearer not.a.token',
  curl: { header: 'Bearer not.a.token' },
});

export const wrongKey = rejects({
  id: 'message.rejects-wrong-key',
  title: 'A message signed with another secret is refused',
  what: 'a token signed with a random secret',
  about: 'A valid HS256 token, signed with a secret made up for this check.',
  async authorization(context) {
    const stranger = new Secret(randomBytes(32).toString('hex'), 'made up');
    return `Bearer ${mintToken({ service_id: idOf(context), ttl_s: TTL_S }, stranger, context.now())}`;
  },
  curl: {
    before: 'TOKEN=$(openssl rand -hex 32 | regctl mint-token --secret-stdin --service-id 1)',
    header: 'Bearer $TOKEN',
  },
});

const NONE = `${tokenPart({ alg: 'none', typ: 'JWT' })}.${tokenPart({ service_id: 1 })}.`;

export const algNone = rejects({
  id: 'message.rejects-alg-none',
  title: 'A message with an unsigned token is refused',
  what: 'an unsigned token (alg "none")',
  about: 'A token that says it needs no signature, the classic hole of JWT libraries (RFC 8725 §3.1).',
  authorization: async () => `Bearer ${NONE}`,
  curl: { header: `Bearer ${NONE}` },
});

export const expired = rejects({
  id: 'message.rejects-expired',
  title: 'A message with an expired token is refused',
  what: 'a token that expired an hour ago',
  about: 'A token signed with JWT_SECRET that expired an hour ago.',
  signed: true,
  authorization: async (context) =>
    `Bearer ${await context.token({ service_id: idOf(context), ageS: 3600 + TTL_S, ttlS: TTL_S })}`,
  curl: { before: 'TOKEN=$(regctl mint-token --ttl 1s); sleep 35', header: 'Bearer $TOKEN' },
});

export const noScheme = rejects({
  id: 'message.rejects-no-scheme',
  title: 'A token without the word "Bearer" is refused',
  what: 'a token without "Bearer " before it',
  about:
    'A good token, but without its scheme (RFC 6750 §2.1). The guide\'s own `authorization.replace("Bearer ", "")` lets it pass.',
  signed: true,
  authorization: (context) => context.token({ service_id: idOf(context), ageS: 0, ttlS: TTL_S }),
  curl: { before: 'TOKEN=$(regctl mint-token --ttl 60s)', header: '$TOKEN' },
});

export const noLeak = serviceCheck({
  id: 'message.no-leak',
  title: 'A refusal gives nothing away',
  about:
    'Looks into what POST /message answered to bad tokens (with --active, also to good ones it refuses) for stack traces, source paths, exception classes, URLs with passwords and JWT_SECRET itself. What was found is named, never repeated.',
  requires: [missing, malformed, wrongKey, algNone],
  codes: ['ANSWER_LEAKS'],
  async run({ secret }, tries) {
    const answers = tries.flatMap((each) => each.answers);
    if (answers.length === 0) return blockedBy(missing, 'no answer came to look into');
    const findings = answers.flatMap(({ text, ...about }) => {
      const leak = leakIn(text, secret);
      return leak === undefined ? [] : [finding('ANSWER_LEAKS', { ...about, leak })];
    });
    return verdict(findings, `${answers.length} answers`, undefined);
  },
});

/** SERVICE_ID, else some id: a token needs one. */
export function idOf({ serviceId }: DoctorContext): number {
  const id = Number(serviceId?.value);
  return Number.isSafeInteger(id) && id > 0 ? id : 1;
}
