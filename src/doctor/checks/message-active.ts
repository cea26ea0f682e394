// message.*, with --active: what POST /message does with a good token. The message sent asks for nothing and says who sends it.
import { randomUUID } from 'node:crypto';
import type { HttpAnswer } from '../../http/http.js';
import { messageUrl, postMessage } from '../../messaging/send.js';
import { jsonOrUndefined } from '../../registry-client/answers.js';
import type { Instance } from '../../registry-client/client.js';
import { sideBySide } from '../../side-by-side.js';
import { attempt, because } from '../attempt.js';
import { blockedBy, type Finding, few, finding, found, notApplicable, pass, serviceCheck } from '../check.js';
import type { ServiceContext } from '../context.js';
import {
  algNone,
  curlCommand,
  expired,
  idOf,
  malformed,
  missing,
  noScheme,
  TTL_S,
  wrongKey,
} from './message.js';
import { leakIn, saidBy } from './message-leaks.js';
import { AT_ONCE, address, label, urlReachable } from './registration.js';

/** A message of one of the guide's types, and harmless: a query that changes nothing. */
export const PING = { type: 'query', payload: { action: 'ping', regctl_doctor: true } };

const MINT = 'TOKEN=$(regctl mint-token --ttl 60s)';
const BAD_TOKENS = [missing, malformed, wrongKey, algNone, expired, noScheme] as const;

interface Sent {
  readonly instance: Instance;
  readonly name: string;
  readonly reproduce: string;
  readonly traceId: string;
  readonly answer: HttpAnswer;
  /** What the answer says, to show. */
  readonly said: string;
}

/** Sends a message with a good token to every instance: what came back, and what is wrong with what did not. */
async function sendToEach(
  instances: readonly Instance[],
  message: typeof PING,
  context: ServiceContext,
): Promise<{ sent: Sent[]; findings: Finding[] }> {
  const token = await context.token({ service_id: idOf(context), ageS: 0, ttlS: TTL_S });
  const all = await sideBySide(instances, AT_ONCE, (instance) => sendTo(instance, message, token, context));
  return {
    sent: all.flatMap(({ sent }) => (sent ? [sent] : [])),
    findings: all.flatMap(({ problem }) => (problem ? [problem] : [])),
  };
}

async function sendTo(
  instance: Instance,
  message: typeof PING,
  token: string,
  { http, secret }: ServiceContext,
): Promise<{ sent?: Sent; problem?: Finding }> {
  const traceId = randomUUID();
  const url = address(instance) ?? '';
  const name = label(instance);
  const reproduce = curlCommand(messageUrl(url), { before: MINT, header: 'Bearer $TOKEN' }, message.type);
  const what = `a message of type "${message.type}" with a valid token`;
  const about = { instance: name, what, reproduce };
  const asked = await attempt(() => postMessage(http, url, { ...message, trace_id: traceId }, token));
  const none = asked.error ? because(asked.error) : tooMany(asked.value);
  if (asked.error || none !== undefined)
    return { problem: finding('MESSAGE_NO_ANSWER', { ...about, seen: none ?? '' }) };
  const said = saidBy(asked.value, secret);
  const sent = { instance, name, reproduce, traceId, answer: asked.value, said };
  const leak = asked.value.status >= 400 ? leakIn(asked.value.text, secret) : undefined;
  return leak === undefined ? { sent } : { sent, problem: finding('ANSWER_LEAKS', { ...about, leak }) };
}

function tooMany({ status }: HttpAnswer): string | undefined {
  return status === 429 ? 'it wants fewer requests (429)' : undefined;
}

function accepted({ answer }: Sent): boolean {
  return answer.status >= 200 && answer.status <= 299;
}

export const acceptsValid = serviceCheck({
  id: 'message.accepts-valid',
  title: 'A message with a valid token gets past the token check',
  about:
    'Sends each instance a query {"action":"ping","regctl_doctor":true} with a token signed with JWT_SECRET, after the bad tokens. 2xx passes; so does another 4xx than 401 and 403, for it is the message that is refused then, not the token, and it is said.',
  checklist: ['integration.2'],
  effects: 'write',
  requires: [urlReachable, ...BAD_TOKENS],
  codes: ['VALID_TOKEN_REFUSED', 'MESSAGE_CRASHES', 'MESSAGE_NO_ANSWER', 'ANSWER_LEAKS'],
  timeoutMs: 30_000,
  async run(context, [{ alive }, ...tries]) {
    const unclear = BAD_TOKENS.find((_, index) => tries[index]?.telling === false);
    if (unclear !== undefined)
      return blockedBy(unclear, 'its POST /message does not answer as one that checks tokens');
    const { sent, findings } = await sendToEach(alive, PING, context);
    const past: Sent[] = [];
    for (const each of sent) {
      const { status } = each.answer;
      const about = { instance: each.name, status, said: each.said, reproduce: each.reproduce };
      if (status === 401 || status === 403) findings.push(finding('VALID_TOKEN_REFUSED', about));
      else if (status >= 500) findings.push(finding('MESSAGE_CRASHES', about));
      else past.push(each);
    }
    const facts = { past };
    if (findings.length > 0) return found(findings, past.length > 0 ? { facts } : {});
    return pass(few(past.map(sentence)), facts);
  },
});

function sentence(sent: Sent): string {
  const { status } = sent.answer;
  return accepted(sent)
    ? `${status}`
    : `${status} (${sent.said}): the token was accepted, the message was not`;
}

export const echoesTrace = serviceCheck({
  id: 'message.echoes-trace',
  title: 'The answer to a message carries its trace id',
  about:
    'The trace id follows a request through all services; the answer repeats it, as the complete example of the guide does. One that is not there is a warning (the short example of the guide leaves it out), another one a failure: logs cannot be put together by it.',
  checklist: ['integration.4'],
  effects: 'write',
  requires: [acceptsValid],
  codes: ['TRACE_MISSING', 'TRACE_CHANGED'],
  async run(_context, [{ past }]) {
    const answered = past.filter(accepted);
    if (answered.length === 0)
      return notApplicable('it refused the message, and an error carries no trace id');
    const findings = answered.flatMap(({ name: instance, reproduce, traceId, answer }) => {
      const seen = traceIdOf(answer);
      if (seen === traceId) return [];
      if (seen === undefined) return [finding('TRACE_MISSING', { instance, reproduce })];
      return [finding('TRACE_CHANGED', { instance, reproduce })];
    });
    if (findings.length > 0) return found(findings);
    return pass(few(answered.map(({ traceId }) => traceId)));
  },
});

/** The `trace_id` of an answer; undefined where it has none. */
export function traceIdOf({ text }: HttpAnswer): unknown {
  const body = jsonOrUndefined(text);
  return typeof body === 'object' && body !== null && 'trace_id' in body ? body.trace_id : undefined;
}

export const rejectsUnknownType = serviceCheck({
  id: 'message.rejects-unknown-type',
  title: 'A message of an unknown type is refused',
  about:
    'Sends a message of a type that nobody knows, with a valid token. The guide answers 400 "Unknown message type"; any 4xx passes. 2xx is a warning: the sender believes that it was understood. 5xx is a failure.',
  effects: 'write',
  requires: [acceptsValid],
  codes: ['UNKNOWN_TYPE_ACCEPTED', 'MESSAGE_CRASHES', 'MESSAGE_NO_ANSWER', 'ANSWER_LEAKS'],
  timeoutMs: 30_000,
  async run(context, [{ past }]) {
    const message = { ...PING, type: 'regctl-doctor-unknown' };
    const { sent, findings } = await sendToEach(
      past.map(({ instance }) => instance),
      message,
      context,
    );
    for (const each of sent) {
      const { status } = each.answer;
      const about = { instance: each.name, status, said: each.said, reproduce: each.reproduce };
      if (accepted(each)) findings.push(finding('UNKNOWN_TYPE_ACCEPTED', about));
      else if (status >= 500) findings.push(finding('MESSAGE_CRASHES', about));
    }
    if (findings.length > 0) return found(findings);
    return pass(few(sent.map(({ answer }) => `${answer.status}`)));
  },
});
