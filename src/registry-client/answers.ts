// What both APIs share in reading an answer: JSON, shape, and what a refusal says.
import * as v from 'valibot';
import { fail, type RegctlError } from '../errors.js';
import type { HttpAnswer } from '../http/http.js';
import {
  ErrorAnswer,
  HealthAnswer,
  type InstanceRow,
  READ_ONLY,
  type ServiceRow,
} from '../wire/config-service.js';
import type { Instance, RegistryHealth, Service } from './client.js';
import { limitDepth } from './depth.js';

const MAX_QUOTE = 200;

/** The JSON document of an answer; throws NOT_THE_API naming what was seen instead. */
export function json(answer: HttpAnswer): unknown {
  try {
    return limitDepth(JSON.parse(answer.text));
  } catch {
    throw fail('NOT_THE_API', { url: answer.url, seen: describeBody(answer) });
  }
}

/** The body of a 2xx answer in the shape of `schema`; throws the error that any other answer means. */
export function read<S extends v.GenericSchema>(answer: HttpAnswer, schema: S): v.InferOutput<S> {
  if (answer.status < 200 || answer.status > 299) throw refusal(answer);
  const parsed = v.safeParse(schema, json(answer));
  if (parsed.success) return parsed.output;
  throw fail('NOT_THE_API', { url: answer.url, seen: shapeProblem(parsed.issues[0]) });
}

/** `its JSON has no "url"`, `its JSON is an object instead of a list`. */
export function shapeProblem(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  const subject = path === null ? 'its JSON' : `"${path}" in its JSON`;
  if (issue.received === 'undefined') return `its JSON has no "${path}"`;
  const kinds: Record<string, string> = { Array: 'a list', Object: 'an object' };
  const kind = (word: string | null) => (word === null ? 'something' : (kinds[word] ?? word));
  return `${subject} is ${kind(issue.received)} instead of ${kind(issue.expected)}`;
}

/** The error that a status code outside 2xx means. */
export function refusal(answer: HttpAnswer): RegctlError {
  const { url, status } = answer;
  const detail = detailOf(answer);
  const body = jsonOrUndefined(answer.text);
  const isJson = body !== undefined;
  if (status === 403 && v.is(v.object({ code: v.literal(READ_ONLY) }), body))
    return fail('READ_ONLY', { url });
  if (status === 401) return fail('UNAUTHORIZED', { url, detail });
  if (status === 403) return fail('FORBIDDEN', { url, detail });
  // A web server that stands there in place of a registry refuses with a page of its own.
  if (status === 413 || ((status === 400 || status === 422) && isJson))
    return fail('REGISTRY_REFUSED_INPUT', { url, detail });
  if (status >= 500 || status === 429) return fail('SERVER_ERROR', { url, status, detail });
  return fail('NOT_THE_API', { url, seen: `status ${status} (${detail})` });
}

/** What an error answer says, in a line: FastAPI's `detail`, or a description of the body. */
export function detailOf(answer: HttpAnswer): string {
  const body = jsonOrUndefined(answer.text);
  if (body === undefined) return describeBody(answer);
  const parsed = v.safeParse(ErrorAnswer, body);
  if (!parsed.success) return 'no reason given';
  const { detail } = parsed.output;
  if (typeof detail === 'string') return shorten(detail);
  return shorten(
    detail.map(({ loc, msg }) => `${loc.filter((part) => part !== 'body').join('.')}: ${msg}`).join('; '),
  );
}

/** True for FastAPI's answer to a path it does not have, as against a 404 that a handler meant. */
export function isMissingRoute(answer: HttpAnswer): boolean {
  return (
    answer.status === 405 ||
    (answer.status === 404 && ['Not Found', 'no reason given'].includes(detailOf(answer)))
  );
}

/** What a body that is not the expected JSON looks like, in words. */
export function describeBody(
  answer: Pick<HttpAnswer, 'text' | 'status' | 'headers'> & { length?: number },
): string {
  const text = answer.text.trim();
  if (text === '') return 'an empty body';
  const type = String(answer.headers['content-type'] ?? '');
  if (/html/i.test(type) || /^<(!doctype|html)/i.test(text))
    return 'an HTML page, so a proxy or another server';
  if (/json/i.test(type))
    return `JSON that is cut off or malformed (${answer.length ?? answer.text.length} characters)`;
  return answer.status < 400 ? `"${shorten(text)}" instead of JSON` : `"${shorten(text)}"`;
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
}

/** A catalog row with every field present. */
export function toService(row: ServiceRow): Service {
  return {
    service_name: row.service_name,
    status: row.status ?? 'unknown',
    healthy_instances: row.healthy_instances ?? null,
    total_instances: row.total_instances ?? null,
    held_instances: row.evictions_held === true ? (row.held_instances ?? null) : null,
    service_url: row.service_url ?? null,
    health_check_url: row.health_check_url ?? null,
    registered_at: toIso(row.registered_at),
    service_metadata: row.service_metadata ?? {},
  };
}

/** An instance row with every field present. Deployed registries repeat the node in the metadata; that goes. */
export function toInstance(row: InstanceRow, service: string): Instance {
  const {
    instance_id: _id,
    service_url: _url,
    health_check_url: _health,
    ...metadata
  } = row.service_metadata ?? {};
  return {
    service_name: row.service_name ?? service,
    instance_id: row.instance_id,
    status: row.state ?? row.status ?? 'unknown',
    service_url: row.service_url ?? null,
    health_check_url: row.health_check_url ?? null,
    monitored_by: row.monitored_by ?? null,
    registered_at: toIso(row.registered_at),
    last_heartbeat: toIso(row.last_heartbeat),
    service_id: row.service_id ?? null,
    service_metadata: metadata,
  };
}

/** `/health` of either registry: read from the body, whatever the status code says. */
export function toHealth(answer: HttpAnswer): RegistryHealth {
  const parsed = v.safeParse(HealthAnswer, jsonOrUndefined(answer.text));
  const part = (value: unknown) => (typeof value === 'string' ? value : null);
  const body = parsed.success ? parsed.output : undefined;
  return {
    http_status: answer.status,
    status: body?.status ?? null,
    parts: { zookeeper: part(body?.zookeeper), postgres: part(body?.postgres), redis: part(body?.redis) },
  };
}

/** The JSON document of a text, undefined where it is none. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As this registry writes it: UTC, to the millisecond. */
const ISO = /^\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}(Z|\+00:00)$/;

/**
 * `2026-11-21 20:28:39.241439+00:00` (deployed registries) as ISO 8601; one without a zone is UTC, as Python's utcnow()
 * writes it. Text that is no time stays as it is.
 */
function toIso(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  if (ISO.test(text)) return `${text.slice(0, 23)}Z`;
  const time = text.replace(' ', 'T');
  const ms = Date.parse(/T[\d:.]+$/.test(time) ? `${time}Z` : time);
  return Number.isNaN(ms) ? text : new Date(ms).toISOString();
}
