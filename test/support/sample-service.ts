// A real service that follows both guides: GET /health, and POST /message behind an HS256 bearer token.
// `behaviour` breaks it in exactly one way.
import { type Claims, type Laxity, verifyHs256 } from './hs256.js';
import {
  type Answer,
  detail,
  type Instrument,
  json,
  pathname,
  pause,
  type RecordedRequest,
  send,
  startInstrument,
} from './instrument.js';

export type Behaviour =
  /** Any text after `Bearer ` will do. */
  | 'accepts-any-token'
  | 'accepts-alg-none'
  | 'accepts-expired'
  /** The signature is not looked at; algorithm and expiry are. */
  | 'accepts-wrong-key'
  /** The guide's own `authorization.replace("Bearer ", "")`. */
  | 'accepts-no-scheme'
  /** No Authorization header will do; a bad token will not. */
  | 'accepts-missing'
  /** `{"received":true}` and nothing else. */
  | 'no-trace-echo'
  | 'wrong-trace'
  | 'message-404'
  /** A stack trace in the body, to good and bad tokens alike. */
  | 'message-500'
  | 'message-hangs'
  | 'health-500'
  /** Answers `/health` after `healthDelayMs`. */
  | 'health-slow'
  | 'health-404'
  /** Hangs up on `/health` without an answer. */
  | 'no-health'
  /** 400 `Unknown message type` to every type. */
  | 'refuses-type'
  /** Takes a type that is none of the guide's. */
  | 'accepts-unknown-type';

export interface SampleServiceOptions {
  readonly name: string;
  readonly secret: string;
  readonly behaviour?: Behaviour;
  /** For `health-slow`; longer than a registry's probe waits (3 s) unless set. */
  readonly healthDelayMs?: number;
}

/** A message that was accepted, with the claims and headers it came with. */
export interface ReceivedMessage {
  readonly type: string;
  readonly payload: Record<string, unknown>;
  readonly trace_id: string;
  readonly claims: Claims;
  readonly headers: RecordedRequest['headers'];
}

export interface SampleService extends Instrument {
  /** Messages that got past token and type, in order of arrival. */
  readonly received: readonly ReceivedMessage[];
}

const TYPES = ['command', 'query', 'event'];

const STACK_TRACE = `Traceback (most recent call last):
  File "/app/main.py", line 87, in receive_message
    result = await process_command(message.payload)
  File "/app/commands.py", line 12, in process_command
    connection = await asyncpg.connect("postgresql://svc:hunter2@postgres/asr")
ConnectionRefusedError: [Errno 111] Connection refused
`;

export async function startSampleService(options: SampleServiceOptions): Promise<SampleService> {
  const { behaviour, healthDelayMs = 4000 } = options;
  const received: ReceivedMessage[] = [];
  const instrument = await startInstrument(async (request, response) => {
    const path = pathname(request);
    if (path === '/health') {
      if (behaviour === 'no-health') return void response.destroy();
      if (behaviour === 'health-slow') await pause(healthDelayMs);
      return send(response, health(request, options));
    }
    if (path !== '/message' || behaviour === 'message-404') return send(response, detail(404, 'Not Found'));
    if (behaviour === 'message-hangs') return;
    send(response, message(request, options, received));
  });
  return { ...instrument, received };
}

function health({ method }: RecordedRequest, { name, behaviour }: SampleServiceOptions): Answer {
  if (behaviour === 'health-404') return detail(404, 'Not Found');
  if (behaviour === 'health-500') return json(500, { status: 'unhealthy', service: name });
  if (method !== 'GET') return detail(405, 'Method Not Allowed', { allow: 'GET' });
  return json(200, { status: 'healthy', service: name });
}

function message(
  request: RecordedRequest,
  { name, secret, behaviour }: SampleServiceOptions,
  received: ReceivedMessage[],
): Answer {
  if (behaviour === 'message-500') {
    return { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: STACK_TRACE };
  }
  if (request.method !== 'POST') return detail(405, 'Method Not Allowed', { allow: 'POST' });
  const authorized = authorize(request.headers.authorization, secret, behaviour);
  if (typeof authorized === 'string') return detail(401, authorized);
  const envelope = readEnvelope(request.body);
  if (Array.isArray(envelope)) return detail(422, envelope);
  const known = TYPES.includes(envelope.type) || behaviour === 'accepts-unknown-type';
  if (!known || behaviour === 'refuses-type') return detail(400, 'Unknown message type');
  received.push({ ...envelope, claims: authorized, headers: request.headers });
  if (behaviour === 'no-trace-echo') return json(200, { received: true });
  const trace_id = behaviour === 'wrong-trace' ? '00000000-0000-4000-8000-000000000000' : envelope.trace_id;
  return json(200, { received: true, trace_id, result: { service: name, echo: envelope.payload } });
}

/** The token's claims, or the text of the 401. */
function authorize(header: string | undefined, secret: string, behaviour?: Behaviour): Claims | string {
  if (header === undefined || header === '') return behaviour === 'accepts-missing' ? {} : 'No token';
  const bearer = /^Bearer +(\S+)$/i.exec(header)?.[1];
  const token = behaviour === 'accepts-no-scheme' ? header.replace('Bearer ', '') : bearer;
  if (token === undefined) return 'Invalid token';
  if (behaviour === 'accepts-any-token') return {};
  const lax: Laxity = {
    algNone: behaviour === 'accepts-alg-none',
    signature: behaviour === 'accepts-wrong-key',
    expiry: behaviour === 'accepts-expired',
  };
  const claims = verifyHs256(token, secret, Date.now() / 1000, lax);
  return claims !== undefined && Number.isInteger(claims.service_id) ? claims : 'Invalid token';
}

interface Envelope {
  readonly type: string;
  readonly payload: Record<string, unknown>;
  readonly trace_id: string;
}

/** The envelope, or FastAPI's list of what is wrong with it. */
function readEnvelope(body: string): Envelope | object[] {
  const value = parse(body);
  if (!isObject(value)) return [{ loc: ['body'], msg: 'value is not a valid dict', type: 'type_error.dict' }];
  const { type, payload, trace_id } = value;
  const wrong: object[] = [];
  if (typeof type !== 'string') wrong.push(refusal('type', type, 'str type expected'));
  if (!isObject(payload)) wrong.push(refusal('payload', payload, 'value is not a valid dict'));
  if (typeof trace_id !== 'string') wrong.push(refusal('trace_id', trace_id, 'str type expected'));
  // Checked just above, field by field.
  return wrong.length > 0 ? wrong : ({ type, payload, trace_id } as Envelope);
}

function refusal(field: string, value: unknown, msg: string): object {
  const missing = value === undefined;
  const type = missing ? 'value_error.missing' : 'type_error';
  return { loc: ['body', field], msg: missing ? 'field required' : msg, type };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
