// One message to one address: `POST {service_url}/message` (Service Integration Guide, "Message Passing").
import type { Http, HttpAnswer } from '../http/http.js';
import type { Envelope } from '../wire/message.js';
import { withoutTrailingSlash } from '../wire/urls.js';
import { traceparent } from './envelope.js';

/** The address of a service's message endpoint. */
export function messageUrl(serviceUrl: string): string {
  return `${withoutTrailingSlash(serviceUrl)}/message`;
}

/** Posts the envelope with a bearer token; answers whatever the service answered. Never sent twice. */
export function postMessage(
  http: Pick<Http, 'send'>,
  serviceUrl: string,
  message: Envelope,
  token: string,
): Promise<HttpAnswer> {
  return http.send({
    method: 'POST',
    url: messageUrl(serviceUrl),
    json: message,
    headers: { authorization: `Bearer ${token}`, traceparent: traceparent(message.trace_id) },
  });
}
