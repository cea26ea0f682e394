// How a Coordinator reads what it is sent: token, extra headers, body.
import { verifyHs256 } from '../hs256.js';
import type { RecordedRequest } from '../instrument.js';

type Body = Record<string, unknown> & { readonly service_id: number };
type FieldType = 'integer' | 'string';

/** Parses a body with an integer `service_id`; an array lists what is wrong, as FastAPI does. */
export function readBody(request: RecordedRequest, fields: Record<string, FieldType>): Body | object[] {
  let value: unknown;
  try {
    value = JSON.parse(request.body);
  } catch {
    return [{ loc: ['body'], msg: 'not JSON', type: 'value_error.jsondecode' }];
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [{ loc: ['body'], msg: 'value is not a valid dict', type: 'type_error.dict' }];
  }
  const body: Record<string, unknown> = { ...value };
  const wrong = Object.entries(fields).flatMap(([field, type]) => {
    const given = body[field];
    if (type === 'integer' ? Number.isInteger(given) : typeof given === type) return [];
    const missing = given === undefined;
    const msg = missing ? 'field required' : `value is not a valid ${type}`;
    return [{ loc: ['body', field], msg, type: missing ? 'value_error.missing' : `type_error.${type}` }];
  });
  // The service id is among the fields of every call and was checked just above.
  return wrong.length > 0 ? wrong : (body as Body);
}

/** The text of the 401, or undefined where the bearer token holds and is that of the body's `service_id`. */
export function tokenProblem(
  { headers }: RecordedRequest,
  secret: string,
  nowMs: number,
  body: Body | object[],
): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined) return 'No token';
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
  const claims = verifyHs256(token, secret, nowMs / 1000);
  if (claims === undefined || !Number.isInteger(claims.service_id)) return 'Invalid token';
  const isOwn = Array.isArray(body) || claims.service_id === body.service_id;
  return isOwn ? undefined : 'Invalid token';
}

export function carries({ headers }: RecordedRequest, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => headers[name.toLowerCase()] === value);
}
