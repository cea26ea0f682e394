import * as v from 'valibot';
import type { Context } from '../context.js';
import { fail } from '../errors.js';
import type { HttpAnswer } from '../http/http.js';
import { neverLeft } from '../http/retry.js';
import { envelope } from '../messaging/envelope.js';
import { messageUrl, postMessage } from '../messaging/send.js';
import { mintToken, SHORT_TTL_S } from '../messaging/token.js';
import { describeBody, detailOf, jsonOrUndefined, refusal } from '../registry-client/answers.js';
import { type Envelope, MessageAnswer, type MessageType } from '../wire/message.js';
import { serviceUrlProblem, withoutTrailingSlash } from '../wire/urls.js';
import { healthyInstances } from './discover.js';
import { requireListed } from './names.js';
import { parseObject, parsePairs } from './pairs.js';

export interface SendInput {
  service: string;
  type: MessageType;
  /** JSON, `@FILE`, or `-` for standard input. */
  payload?: string | undefined;
  action?: string | undefined;
  set: readonly string[];
  traceId?: string | undefined;
  /** Send to this instance, healthy or not. */
  instance?: string | undefined;
  /** Send to this address without asking the registry. */
  url?: string | undefined;
}

export interface Sent {
  service_name: string;
  /** The base URL of the instance that answered. */
  url: string;
  type: MessageType;
  trace_id: string;
  status: number;
  duration_ms: number;
  /** False where the answer carries no trace id, or another. */
  trace_echoed: boolean;
  answer: MessageAnswer;
}

const MAX_TRACE_ID = 200;

/**
 * Discovers the service, signs a token, posts the message. Another healthy instance is tried only where the
 * request certainly never left. Throws UNAUTHORIZED, FORBIDDEN, MESSAGE_FAILED and the connection errors.
 */
export async function sendMessage(input: SendInput, context: Context): Promise<Sent> {
  requireListed('service', input.service);
  const message = envelope(input.type, await payloadOf(input, context), traceIdOf(input.traceId));
  const token = await tokenFor(input, context);
  const answer = await deliver(message, token, input, context);
  return toSent(answer.url, answer.answer, message, input, context);
}

async function payloadOf(input: SendInput, context: Context): Promise<Record<string, unknown>> {
  const { payload, action } = input;
  const text =
    payload === '-' || payload?.startsWith('@') ? await context.readText(payload.replace(/^@/, '')) : payload;
  return {
    ...(text === undefined ? {} : parseObject(text, '--payload')),
    ...(action === undefined ? {} : { action }),
    ...parsePairs(input.set, '--set'),
  };
}

function traceIdOf(given: string | undefined): string | undefined {
  if (given === undefined || (/^[\x21-\x7e]+$/.test(given) && given.length <= MAX_TRACE_ID)) return given;
  throw fail('USAGE', {
    what: '--trace-id is refused:',
    why: `it must be 1 to ${MAX_TRACE_ID} printable characters without spaces, to be found again in logs.`,
    next: 'Leave it out to have one made, a UUID.',
  });
}

async function tokenFor(input: SendInput, context: Context): Promise<string> {
  const service_id = context.serviceId();
  if (service_id === undefined) {
    throw fail('MISSING_SETTING', {
      setting: 'SERVICE_ID',
      purpose: 'a message is signed in the name of a service',
      next: 'Set SERVICE_ID, or give --service-id.',
    });
  }
  const secret = await context.secretToSend('a message needs a token', input.url === undefined);
  return mintToken({ service_id, ttl_s: SHORT_TTL_S }, secret, context.clock.now());
}

async function deliver(message: Envelope, token: string, input: SendInput, context: Context) {
  const http = await context.http();
  const tried = new Set<string>();
  for await (const url of addresses(input, context)) {
    if (tried.has(url)) continue;
    tried.add(url);
    context.notify(`trace_id ${message.trace_id}: ${input.type} to ${input.service} at ${messageUrl(url)}`);
    try {
      return { url, answer: await postMessage(http, url, message, token) };
    } catch (error) {
      if (!neverLeft(error) || input.url !== undefined || input.instance !== undefined) throw error;
      context.notify(`${error instanceof Error ? error.message : String(error)} Trying another instance.`);
    }
  }
  throw fail('NO_HEALTHY_INSTANCE', {
    service: input.service,
    why:
      tried.size === 1
        ? 'the one address the registry gives for it accepts no connection'
        : `none of the ${tried.size} addresses the registry gives for it accepts connections`,
  });
}

/** Where to send it: the address asked for, or what the registry hands out and then its other healthy instances. */
async function* addresses(input: SendInput, context: Context): AsyncGenerator<string> {
  if (input.url !== undefined) {
    const problem = serviceUrlProblem(input.url);
    if (problem !== undefined) {
      throw fail('USAGE', {
        what: '--url is refused:',
        why: `it ${problem}.`,
        next: 'Give the base URL of a service.',
      });
    }
    yield withoutTrailingSlash(input.url);
    return;
  }
  const registry = await context.registry();
  if (input.instance !== undefined) {
    requireListed('instance', input.instance);
    const found = (await registry.listInstances(input.service)).find(
      ({ instance_id: id }) => id === input.instance,
    );
    const url = found?.service_url;
    if (!url || serviceUrlProblem(url) !== undefined) {
      throw fail('INSTANCE_NOT_FOUND', { service: input.service, instance: input.instance });
    }
    yield url;
    return;
  }
  const first = await registry.pickUrl(input.service);
  if (first !== undefined && serviceUrlProblem(first) === undefined) yield first;
  for (const { url } of await healthyInstances(input.service, registry)) yield url;
}

function toSent(
  url: string,
  answer: HttpAnswer,
  message: Envelope,
  input: SendInput,
  context: Context,
): Sent {
  if (answer.status === 401 || answer.status === 403) throw refusal(answer);
  const failed = (detail: string) =>
    fail('MESSAGE_FAILED', { url, status: answer.status, detail, traceId: message.trace_id });
  if (answer.status >= 400) throw failed(detailOf(answer));
  const body = v.safeParse(MessageAnswer, jsonOrUndefined(answer.text));
  if (!body.success) {
    const seen =
      jsonOrUndefined(answer.text) === undefined ? describeBody(answer) : 'its JSON has another shape';
    throw fail('NOT_A_MESSAGE_ANSWER', { url, seen });
  }
  if (body.output.received === false) throw failed('it was not received, says its answer');
  return {
    service_name: input.service,
    url,
    type: input.type,
    trace_id: message.trace_id,
    status: answer.status,
    duration_ms: Math.round(answer.ms),
    trace_echoed: traceEchoed(body.output, message, context),
    answer: body.output,
  };
}

function traceEchoed(body: MessageAnswer, message: Envelope, context: Context): boolean {
  if (body.trace_id === message.trace_id) return true;
  const seen =
    body.trace_id === undefined ? 'carries no trace_id' : `carries trace_id ${String(body.trace_id)}`;
  context.notify(`Warning: the answer ${seen}; it should echo ${message.trace_id}.`);
  return false;
}
