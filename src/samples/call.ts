// Calling another service: discover, sign, post, under the same trace id (Service Integration Guide, "When Calling Another Service").
import * as v from 'valibot';
import type { Http } from '../http/http.js';
import { postMessage } from '../messaging/send.js';
import { mintToken, SHORT_TTL_S } from '../messaging/token.js';
import type { RegistryClient } from '../registry-client/client.js';
import { type Envelope, MessageAnswer } from '../wire/message.js';
import { type Called, Refusal } from './behaviour.js';
import { type Log, reason } from './log.js';
import type { ServiceSettings } from './settings.js';

export interface Caller {
  registry: RegistryClient;
  http: Http;
  settings: ServiceSettings;
  log: Log;
  now(): number;
}

/** Sends the message to a healthy instance of the service. Throws Refusal: 503 where there is none, 502 where it fails. */
export async function call(service: string, message: Envelope, caller: Caller): Promise<Called> {
  const { settings, log, http } = caller;
  const url = await discover(service, caller);
  log.info(`[${message.trace_id}] Sending ${message.type} to ${service} at ${url}`);
  const token = mintToken(
    { service_id: settings.serviceId, ttl_s: SHORT_TTL_S },
    settings.secret,
    caller.now(),
  );
  const answer = await postMessage(http, url, message, token).catch((error: unknown) => {
    throw new Refusal(502, `${service} did not answer: ${reason(error)}`, error);
  });
  if (answer.status !== 200) throw new Refusal(502, `${service} answered ${answer.status}: ${answer.text}`);
  const body = v.safeParse(MessageAnswer, parsed(answer.text));
  if (!body.success) throw new Refusal(502, `${service} answered with what is no answer to a message`);
  return { url, trace_id: body.output.trace_id, result: body.output.result };
}

/** Undefined where the text is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function discover(service: string, { registry }: Caller): Promise<string> {
  const url = await registry.pickUrl(service).catch((error: unknown) => {
    throw new Refusal(503, `${service} is not available: ${reason(error)}`, error);
  });
  if (url === undefined) throw new Refusal(503, `${service} is not available: no healthy instance`);
  return url;
}
