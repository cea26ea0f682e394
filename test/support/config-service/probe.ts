// The Config Service's own health probes: real GET requests, 3 tries, back-off 1 s and 2 s (wire/config-service.md).
import { pause } from '../instrument.js';

const TRIES = 3;

export interface ProbeOptions {
  /** Milliseconds before the second try; the third waits twice as long. */
  readonly backoffMs: number;
  /** Milliseconds a try may take. */
  readonly timeoutMs: number;
}

export interface CheckResult {
  readonly endpoint_url: string;
  readonly is_healthy: boolean;
  readonly response_time_ms: number;
  readonly status_code: number | null;
  readonly error_message: string | null;
  readonly timestamp: string;
}

/** The answer of `POST …/health/detailed`. */
export interface HealthReport {
  readonly service_name: string;
  readonly overall_status: 'healthy' | 'unhealthy' | 'unknown';
  readonly total_instances: number;
  readonly healthy_instances: number;
  readonly unhealthy_instances: number;
  readonly check_results: readonly CheckResult[];
  readonly timestamp: string;
}

export interface Probed {
  readonly service_url: string;
  readonly health_check_url: string | null;
}

/** Probes instance after instance; one healthy instance makes the service healthy. */
export async function probeService(
  service_name: string,
  instances: readonly Probed[],
  options: ProbeOptions,
): Promise<HealthReport> {
  const check_results: CheckResult[] = [];
  let healthy_instances = 0;
  for (const instance of instances) {
    for (const url of endpoints(service_name, instance)) {
      const result = await probe(url, options);
      check_results.push(result);
      if (!result.is_healthy) continue;
      healthy_instances += 1;
      break;
    }
  }
  const total_instances = instances.length;
  const overall_status = healthy_instances > 0 ? 'healthy' : total_instances > 0 ? 'unhealthy' : 'unknown';
  const counts = {
    total_instances,
    healthy_instances,
    unhealthy_instances: total_instances - healthy_instances,
  };
  return { service_name, overall_status, ...counts, check_results, timestamp: isoTime() };
}

/** Without a health URL the usual paths are tried. */
function endpoints(name: string, { service_url, health_check_url }: Probed): string[] {
  if (health_check_url !== null) return [health_check_url];
  const paths = ['/health', '/api/v1/health', `/api/v1/${name.split('-')[0]}/health`];
  return paths.map((path) => service_url.replace(/\/+$/, '') + path);
}

async function probe(endpoint_url: string, { backoffMs, timeoutMs }: ProbeOptions): Promise<CheckResult> {
  let status_code: number | null = null;
  let error_message: string | null = null;
  let response_time_ms = 0;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    if (attempt > 0) await pause(backoffMs * 2 ** (attempt - 1));
    const started = performance.now();
    try {
      const response = await fetch(endpoint_url, { signal: AbortSignal.timeout(timeoutMs) });
      await response.body?.cancel();
      status_code = response.status;
      error_message = response.ok ? null : `HTTP ${response.status}`;
    } catch (error) {
      error_message = problem(error);
    }
    response_time_ms = performance.now() - started;
    if (error_message === null) break;
  }
  const is_healthy = error_message === null;
  return { endpoint_url, is_healthy, response_time_ms, status_code, error_message, timestamp: isoTime() };
}

function problem(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'Timeout';
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return `Client error: ${cause instanceof Error ? cause.message : String(cause)}`;
}

function isoTime(): string {
  return new Date().toISOString().replace('Z', '112+00:00');
}
