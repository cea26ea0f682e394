// The engine: carries out checks as the graph of their requirements allows. It knows no check, registry or terminal.
import type { CheckResult } from './check.js';
import type { RunOptions } from './engine/options.js';
import { Run } from './engine/run.js';

export type { Clock, RunEvent, RunOptions, Send } from './engine/options.js';

/** Carries out every check; the results are in the order of `checks`: first the deployment's, then service by service. */
export async function runChecks<Context>(options: RunOptions<Context>): Promise<CheckResult[]> {
  const deployment = options.checks.filter(({ scope }) => scope === 'deployment');
  const service = options.checks.filter(({ scope }) => scope === 'service');
  const services = options.services.length === 0 ? [null] : options.services;
  const run = new Run(options, deployment.length + service.length * services.length);
  const unwatch = run.stop.watch(options.signal, options.deadlineMs, options.clock, options.startedAt);
  try {
    const results = await Promise.all([run.ofDeployment(deployment), run.ofServices(service, services)]);
    return results.flat(2);
  } finally {
    unwatch();
  }
}
