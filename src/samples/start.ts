// `regctl serve --samples`: two real services, each a process of its own, that follow both guides.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { fail } from '../errors.js';
import { createHttp } from '../http/http.js';
import { configService } from '../registry-client/config-service.js';
import { PROGRAM_VARIABLE, SAMPLE_PROGRAM } from './program.js';

export interface SamplesOptions {
  /** Base URL of the running registry; it has to speak both APIs. */
  registryUrl: string;
  /** The JWT secret of registry and services. */
  secret: string;
  /** Takes the log of the services, line by line, without line breaks. */
  log(line: string): void;
  /** Ends a start that is under way. */
  signal?: AbortSignal;
}

export interface Samples {
  services: { name: string; service_id: number; instance_id: string; url: string }[];
  /** Ends them: SIGTERM, upon which they deregister; SIGKILL for what is left after four seconds. */
  stop(): Promise<void>;
}

const SAMPLES = [
  { name: 'asr-service', service_id: 1 },
  { name: 'nmt-service', service_id: 2 },
];
const HOST = '127.0.0.1';
const START_PATIENCE_MS = 30_000;
const STOP_PATIENCE_MS = 4_000;
const POLL_MS = 100;

const Ready = v.object({ url: v.string(), instanceId: v.optional(v.string()) });

/**
 * Starts both services on free ports and resolves once the registry lists both as healthy.
 * Throws CANNOT_SERVE, with none of them left running, where one does not start or does not get into the registry.
 */
export async function startSamples(options: SamplesOptions): Promise<Samples> {
  const started = SAMPLES.map((sample) => ({ ...sample, child: spawn(sample, options) }));
  let stopping = false;
  const stop = async () => {
    stopping = true;
    await Promise.all(started.map(({ child }) => end(child)));
  };
  try {
    const services = await Promise.all(
      started.map(async ({ child, ...sample }) => ({
        ...sample,
        ...(await ready(sample.name, child, options)),
      })),
    );
    await allHealthy(services, options);
    for (const { name, child } of started) {
      child.once('exit', (code, signal) => {
        if (!stopping) options.log(`${name} ended by itself (${signal ?? `exit code ${code}`})`);
      });
    }
    return { services, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function spawn({ name, service_id }: (typeof SAMPLES)[number], { registryUrl, secret, log }: SamplesOptions) {
  // Run from source this is start.ts, and its neighbour main.ts; fork hands on --import tsx by itself. The bundle starts
  // with start.cjs; a single executable starts itself, whatever file it is asked for.
  const main = import.meta.filename.endsWith('.ts') ? 'main.ts' : 'start.cjs';
  const child = fork(join(import.meta.dirname, main), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      [PROGRAM_VARIABLE]: SAMPLE_PROGRAM,
      SERVICE_NAME: name,
      SERVICE_HOST: HOST,
      SERVICE_PORT: '0',
      SERVICE_INSTANCE_ID: `${name}-1`,
      SERVICE_ID: String(service_id),
      CONFIG_SERVICE_URL: registryUrl,
      REGISTRY_URL: registryUrl,
      JWT_SECRET: secret,
    },
  });
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', log);
  return child;
}

/** What the service says of itself once it has registered. */
async function ready(name: string, child: ChildProcess, { signal }: SamplesOptions) {
  const patience = AbortSignal.timeout(START_PATIENCE_MS);
  const given = signal === undefined ? patience : AbortSignal.any([signal, patience]);
  const over = new AbortController();
  try {
    const [message]: unknown[] = await Promise.race([
      once(child, 'message', { signal: AbortSignal.any([given, over.signal]) }),
      once(child, 'exit', { signal: over.signal }).then(([code, killed]) => {
        throw cannotStart(name, `it ended at once (${killed ?? `exit code ${code}`}); its log says why.`);
      }),
    ]);
    const { url, instanceId } = v.parse(Ready, message);
    if (instanceId === undefined) throw cannotStart(name, 'the registry did not take its registration.');
    return { url, instance_id: instanceId };
  } catch (error) {
    signal?.throwIfAborted();
    if (patience.aborted) throw cannotStart(name, `it was not up within ${START_PATIENCE_MS / 1000} s.`);
    throw error;
  } finally {
    over.abort();
  }
}

async function allHealthy(
  services: Samples['services'],
  { registryUrl, signal }: SamplesOptions,
): Promise<void> {
  const given = signal ?? new AbortController().signal;
  const sleep = (ms: number, during: AbortSignal) => delay(ms, undefined, { signal: during });
  const http = createHttp({ signal: given, userAgent: 'regctl-samples', random: Math.random, sleep });
  const endpoint = { url: registryUrl, paths: {}, headers: {}, authorization: async () => undefined };
  const registry = configService(endpoint, http);
  const deadline = performance.now() + START_PATIENCE_MS;
  try {
    for (const { name, url } of services) {
      for (;;) {
        const listed = (await registry.listInstances(name)).find(({ service_url }) => service_url === url);
        if (listed?.status === 'healthy') break;
        if (performance.now() > deadline) {
          throw cannotStart(name, `the registry lists it as ${listed?.status ?? 'not registered'}.`);
        }
        await sleep(POLL_MS, given);
      }
    }
  } finally {
    await http.close();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(kill);
}

function cannotStart(name: string, why: string) {
  return fail('CANNOT_SERVE', {
    what: `The sample service ${name} cannot start:`,
    why,
    next: 'Try again, or start the registry without --samples.',
  });
}
