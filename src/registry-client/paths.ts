// Where calls go and what they carry, the same for both APIs.
import type { Http, HttpAnswer } from '../http/http.js';
import type { Endpoint, PlannedCall } from './client.js';

/** The guide's client waits 3 s for a discovery; other calls have the client's own timeout (5 s). */
export const DISCOVERY_TIMEOUT_MS = 3_000;

/** A name as one path segment: `a/b` must not become two. */
export function segment(name: string): { service: string } {
  return { service: encodeURIComponent(name) };
}

/** Builds full URLs from the endpoint's base, its own paths where it has some, and the API's. */
export function urls<P extends Record<string, string>>(endpoint: Endpoint, defaults: P) {
  return (call: keyof P & string, values: Record<string, string> = {}): string => {
    const path = endpoint.paths[call] ?? defaults[call] ?? '';
    return endpoint.url + path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  };
}

/** The headers of a call that changes something: the endpoint's own, and a token where there is one to send. */
export async function signed(endpoint: Endpoint, required: boolean): Promise<Record<string, string>> {
  const authorization = await endpoint.authorization(required);
  return authorization === undefined ? { ...endpoint.headers } : { ...endpoint.headers, authorization };
}

/** Sends what was planned, signed; an interruption waits for its answer, so that what it changed is known. */
export async function sendPlanned(
  http: Http,
  endpoint: Endpoint,
  { method, url, body }: PlannedCall,
  required: boolean,
): Promise<HttpAnswer> {
  return http.send({ method, url, json: body, headers: await signed(endpoint, required), finish: true });
}
