// A healthy deployment of real processes to break, and the doctor to examine it with.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Clock, type Context, makeContext } from '../../src/context.js';
import type { Report } from '../../src/doctor/result.js';
import type { ContextFlags } from '../../src/host.js';
import { type DoctorInput, examine } from '../../src/operations/doctor.js';
import {
  type Replica,
  type ReplicaOptions,
  startConfigServiceReplica,
} from '../support/config-service-replica.js';
import { type Answer, type RecordedRequest, send, startInstrument } from '../support/instrument.js';
import { type Behaviour, type SampleService, startSampleService } from '../support/sample-service.js';

export const SECRET = 'a-secret-of-the-tests-that-is-long-enough-for-hs256';
export const SERVICE = 'asr-service';

/** What a fault may reach for. */
export interface Deployment {
  /** The environment the doctor runs in. */
  readonly env: Record<string, string | undefined>;
  /** The doctor's working folder. */
  readonly folder: string;
  readonly flags: ContextFlags;
  readonly input: Partial<DoctorInput>;
  readonly registry: Replica;
  readonly service: SampleService;
  /** Registers an instance of the service as the guide does; `changes` are merged into the body. */
  register(changes?: Partial<Parameters<Replica['registerRaw']>[0]>): void;
  /** Ends `closing` with the deployment. */
  owns(closing: { close(): Promise<void> }): void;
  /** Puts a gateway before the registry that answers itself where `answer` gives something. */
  gateway(answer: (request: RecordedRequest) => Answer | undefined): Promise<void>;
  /** Puts another service in the place of the registered one. */
  replaceService(answer: (request: RecordedRequest) => Answer): Promise<void>;
}

export interface DeploymentOptions {
  /** Why there can be no such deployment here; undefined where there can. */
  impossible?: string | undefined;
  behaviour?: Behaviour | undefined;
  replica?: ReplicaOptions | undefined;
  /** False leaves the service unregistered. */
  register?: boolean | undefined;
  /** Changes of the environment; undefined takes a variable away. */
  env?: Record<string, string | undefined> | undefined;
  flags?: ContextFlags | undefined;
  input?: Partial<DoctorInput> | undefined;
}

/** A Config Service replica with one registered service, and the environment of that service. */
export async function deploy(options: DeploymentOptions): Promise<Deployment & { close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'regctl-doctor-'));
  const registry = await startConfigServiceReplica(options.replica);
  const service = await startSampleService({
    name: SERVICE,
    secret: SECRET,
    ...(options.behaviour ? { behaviour: options.behaviour } : {}),
  });
  const owned: { close(): Promise<void> }[] = [registry, service];
  const deployment: Deployment = {
    env: {
      HOME: folder,
      PATH: process.env.PATH,
      CONFIG_SERVICE_URL: registry.url,
      SERVICE_ID: '42',
      JWT_SECRET: SECRET,
      SERVICE_NAME: SERVICE,
      SERVICE_HOST: '127.0.0.1',
      SERVICE_PORT: new URL(service.url).port,
      ...options.env,
    },
    folder,
    flags: { ...options.flags },
    input: { ...options.input },
    registry,
    service,
    register(changes = {}) {
      registry.registerRaw({
        service_name: SERVICE,
        service_url: service.url,
        health_check_url: `${service.url}/health`,
        service_metadata: { instance_id: 'asr-1', status: 'healthy' },
        ...changes,
      });
    },
    owns: (closing) => void owned.push(closing),
    async gateway(answer) {
      const gateway = await startInstrument(async (request, response) => {
        send(response, answer(request) ?? (await forward(request, registry.url)));
      });
      owned.push(gateway);
      deployment.env.CONFIG_SERVICE_URL = gateway.url;
    },
    async replaceService(answer) {
      const other = await startInstrument(async (request, response) => send(response, answer(request)));
      owned.push(other);
      deployment.env.SERVICE_PORT = new URL(other.url).port;
      deployment.register({ service_url: other.url, health_check_url: `${other.url}/health` });
    },
  };
  if (options.register !== false) deployment.register();
  return {
    ...deployment,
    async close() {
      await Promise.all(owned.map((each) => each.close()));
      await rm(folder, { recursive: true });
    },
  };
}

/** Hands a request on and the answer back. */
export async function forward(request: RecordedRequest, to: string): Promise<Answer> {
  const { method, path, body } = request;
  const headers = Object.fromEntries(
    ['authorization', 'content-type'].flatMap((name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
  const answer = await fetch(to + path, { method, headers, ...(method === 'GET' ? {} : { body }) });
  const type = answer.headers.get('content-type') ?? '';
  return { status: answer.status, headers: { 'content-type': type }, body: await answer.text() };
}

type Examined = Pick<Deployment, 'env' | 'folder' | 'flags' | 'input'> & { clock?: Clock };

/** Runs the doctor as the command does; on another clock where one is given. */
export function runDoctor(deployment: Examined, signal?: AbortSignal): Promise<Report> {
  return withContext(deployment, examine, signal);
}

/** Does something with what the command would give to it. */
export async function withContext<T>(
  { env, folder, flags, input, clock }: Examined,
  work: (input: DoctorInput, context: Context) => Promise<T>,
  signal = new AbortController().signal,
): Promise<T> {
  const context = await makeContext(flags, {
    environment: env,
    folder,
    stdin: Readable.from([]),
    pid: 1,
    userAgent: 'regctl/test',
    signal,
    notify: () => undefined,
    progress: () => undefined,
    changing: () => undefined,
  });
  try {
    return await work(
      {
        services: [],
        all: false,
        only: [],
        skip: [],
        failOn: 'fail',
        waivers: undefined,
        compare: undefined,
        logFile: undefined,
        active: false,
        source: undefined,
        engines: { zookeeper: undefined, postgres: undefined, redis: undefined },
        exec: undefined,
        deadlineMs: 60_000,
        waitMs: 0,
        concurrency: 8,
        version: '0.0.0',
        ...input,
      },
      clock === undefined ? context : { ...context, clock },
    );
  } finally {
    await context.close();
  }
}

/** What is not green: id → its codes. */
export function notGreen(report: Report): Record<string, string> {
  return Object.fromEntries(
    report.results
      .filter(({ status }) => status !== 'pass' && status !== 'skip')
      .map(({ id, findings }) => [id, [...new Set(findings.map(({ code }) => code))].join(' ')]),
  );
}
