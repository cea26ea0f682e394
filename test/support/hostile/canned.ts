// A tiny Config Service with fixed contents, for answers that are odd in their bytes but right in their shape.
import { type Answer, decoded, detail, json, pathname, type RecordedRequest } from '../instrument.js';

const PREFIX = '/api/v1/registry';

export interface CannedRow {
  readonly service_name: string;
  readonly service_url: string;
  readonly service_metadata: unknown;
}

export const ORDINARY_ROW: CannedRow = {
  service_name: 'asr-service',
  service_url: 'http://asr-service:8090',
  service_metadata: { status: 'healthy', instance_id: 'asr-1' },
};

/** Answers the read calls from `rows`; anything else is 404. */
export function cannedAnswer(request: RecordedRequest, rows: readonly CannedRow[]): Answer {
  const path = pathname(request);
  if (path === '/health')
    return json(200, { status: 'healthy', redis: 'healthy', postgres: 'healthy', zookeeper: 'healthy' });
  if (path === `${PREFIX}/services`) return json(200, rows.map(catalogRow));
  const [, call, encodedName = '', tail] = /\/(services|discover)\/([^/]+)(\/url)?$/.exec(path) ?? [];
  const live = rows.filter((row) => row.service_name === decoded(encodedName));
  if (call === undefined) return detail(404, 'Not Found');
  if (tail === undefined) return json(200, live.map(instance));
  const url = live[0]?.service_url;
  return url === undefined ? detail(404, 'No healthy instances found') : json(200, { url });
}

function catalogRow({ service_name, service_url, service_metadata }: CannedRow): object {
  const registered_at = '2026-11-21 20:28:39.241439+00:00';
  return { service_name, service_url, status: 'healthy', service_metadata, registered_at };
}

function instance(row: CannedRow): object {
  const { service_name, service_url, service_metadata } = row;
  return { instance_id: `${service_name}-1`, service_name, service_url, status: 'healthy', service_metadata };
}
