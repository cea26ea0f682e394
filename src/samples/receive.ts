// POST /message: token first, then shape, then type, then what the service does (Service Integration Guide, "Message Passing").
import * as v from 'valibot';
import type { Secret } from '../secret.js';
import { Envelope, MESSAGE_TYPES } from '../wire/message.js';
import { readBearer } from './bearer.js';
import { type Behaviour, type Called, Refusal } from './behaviour.js';
import { type Log, reason } from './log.js';

export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

export interface Receiver {
  behaviour: Behaviour;
  secret: Secret;
  log: Log;
  /** Sends a message on to another service. */
  call(service: string, message: Envelope): Promise<Called>;
}

/** The answer to a message; `readBody` is asked only once the token is found good. */
export async function receive(
  authorization: string | undefined,
  readBody: () => Promise<string>,
  receiver: Receiver,
): Promise<Answer> {
  const sender = readBearer(authorization, receiver.secret);
  if ('refused' in sender) {
    receiver.log.warning(`Refused a message: ${sender.refused}`);
    return { status: 401, body: { detail: sender.refused }, headers: { 'www-authenticate': 'Bearer' } };
  }
  const message = v.safeParse(Envelope, parseJson(await readBody()));
  if (!message.success) return { status: 422, body: { detail: message.issues.map(fieldError) } };
  const { type, trace_id } = message.output;
  receiver.log.info(`[${trace_id}] Received ${type} from service ${sender.service_id}`);
  try {
    const result = await resultOf(message.output, receiver);
    return { status: 200, body: { received: true, trace_id, result } };
  } catch (error) {
    receiver.log.error(`[${trace_id}] ${reason(error)}`);
    if (error instanceof Refusal) return { status: error.status, body: { detail: error.message, trace_id } };
    return { status: 500, body: { detail: 'Internal Server Error', trace_id } };
  }
}

async function resultOf({ type, payload, trace_id }: Envelope, { behaviour, call }: Receiver) {
  if (!MESSAGE_TYPES.some((known) => known === type)) throw new Refusal(400, 'Unknown message type');
  // An event tells something and asks for nothing.
  if (type === 'event') return null;
  const action = payload.action ?? 'ping';
  if (action === 'ping') return { status: 'healthy', actions: behaviour.features };
  if (typeof action !== 'string' || !behaviour.features.includes(action)) {
    throw new Refusal(400, `Unknown action: it is one of ping, ${behaviour.features.join(', ')}`);
  }
  return behaviour.answer(action, payload, {
    call: (service, kind, content) => call(service, { type: kind, payload: content, trace_id }),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** FastAPI's words for a field that is missing or of another type. */
function fieldError(issue: v.BaseIssue<unknown>) {
  const missing = issue.received === 'undefined';
  return {
    loc: ['body', ...(issue.path ?? []).map(({ key }) => key)],
    msg: missing ? 'field required' : `must be ${issue.expected ?? 'something else'}`,
    type: missing ? 'missing' : 'type_error',
  };
}
