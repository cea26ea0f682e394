// The Service Integration Guide: its own code, block by block, in a real Python, against `regctl serve --auth jwt`.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, get, post } from '../support/start-registry.js';
import { bearer, SECRET, type Serving } from '../support/targets.js';
import { blockWith } from './guides.js';
import { describeModes } from './modes.js';
import { type Running, runPython, startPython } from './python.js';

const BLOCKS = {
  config: blockWith('coordinator', '# config.py'),
  calling: blockWith('coordinator', 'async def call_other_service(service_name: str, payload: dict):'),
  verifying: blockWith('coordinator', 'def verify_jwt(authorization: str = Header(None)):'),
  finding: blockWith('coordinator', '# GOOD: Discover through Registry'),
  requesting: blockWith('coordinator', 'async def request_image_analysis(image_id: str):'),
  receiving: blockWith('coordinator', 'class Message(BaseModel):'),
  tracing: blockWith('coordinator', '    trace_id = message.get("trace_id", str(uuid.uuid4()))'),
  beating: blockWith('coordinator', 'async def heartbeat_loop():'),
} as const;
type BlockName = keyof typeof BLOCKS;

/** Files with the blocks' code, `config.py` as the guide names it. */
function files(names: readonly BlockName[]): Record<string, string> {
  const blocks = names.map((name) => [`${name}_block.py`, BLOCKS[name]]);
  return { 'config.py': BLOCKS.config, ...Object.fromEntries(blocks) };
}

/** Beats come every half second. */
const LEASE_MS = 3_000;
/** Three programs and two replicas start, on a machine that has other things to do. */
const START_MS = 120_000;

interface Service extends Running {
  readonly url: string;
  readonly registered: Record<string, unknown>;
}

describeModes("the guide's Python", (open) => {
  let registry: Serving;
  const services: Service[] = [];
  let analysis: Service;
  let gateway: Service;

  beforeAll(async () => {
    registry = await open(['--auth', 'jwt', '--down-after', `${LEASE_MS / 1000}s`]);
    [analysis, gateway] = await Promise.all([
      start('image-analysis', 42, ['verifying', 'receiving', 'beating']),
      start('gateway', 43, ['calling', 'tracing', 'beating']),
      start('storage-service', 44, ['beating']),
    ]);
    for (const name of ['image-analysis', 'gateway', 'storage-service']) await isFound(name);
  }, START_MS);
  afterAll(async () => {
    for (const { child } of services) child.kill('SIGKILL');
    await Promise.all(services.map(({ done }) => done));
    await registry?.close();
  });

  const env = (id: number) => ({
    SERVICE_ID: String(id),
    REGISTRY_URL: registry.url,
    JWT_SECRET: SECRET,
  });
  const lookUp = (name: string) => get(`${registry.url}/services/${name}`);
  const isFound = (name: string) =>
    eventually(
      () => lookUp(name),
      ({ status }) => status === 200,
    );

  /** A service of the guide's blocks, once it has registered. */
  async function start(name: string, id: number, names: readonly BlockName[]): Promise<Service> {
    const running = startPython({
      main: 'service.py',
      args: names.map((block) => `${block}_block.py`),
      files: files(names),
      env: { ...env(id), SERVICE_NAME: name },
    });
    const { url, ...registered } = JSON.parse(await running.firstLine);
    const service = { ...running, url, registered };
    services.push(service);
    return service;
  }

  it('registers, beats without a token, and is found by the object that the guide reads', async () => {
    expect(analysis.registered).toMatchObject({ registered: true, service_id: 42 });
    const { body } = await isFound('image-analysis');
    expect(body).toMatchObject({ url: analysis.url, service_id: 42 });
    const beating = await eventually(
      () => lookUp('image-analysis'),
      (seen) => JSON.stringify(seen.body).includes('"monitored_by":"heartbeat"'),
    );
    expect(beating.body.instances).toMatchObject([{ status: 'healthy', service_url: analysis.url }]);
    expect(analysis.stderr()).not.toContain('Heartbeat failed');
  });

  it('finds another, signs a token that it takes, and is answered', async () => {
    const { said } = await runPython({
      main: 'messages.py',
      files: files(['calling', 'requesting', 'finding']),
      env: env(45),
    });
    expect(said).toEqual({
      called: {
        received: true,
        trace_id: 'trace-of-the-call',
        result: { asked: { action: 'count' } },
      },
      requested: {
        received: true,
        trace_id: expect.stringMatching(/^[\da-f-]{36}$/),
        result: { commanded: { action: 'analyze', image_id: '12345' } },
      },
      data: { stored: true },
    });
    expect(analysis.stderr()).toContain('Received message trace-of-the-call from service 45');
  });

  it('passes a trace id on through a second service', async () => {
    const answer = await post(`${gateway.url}/message`, { trace_id: 'abc-123' }, bearer());
    expect(answer.body).toEqual({ received: true, trace_id: 'abc-123' });
    expect(gateway.stderr()).toContain('[abc-123] Processing message');
    expect(analysis.stderr()).toContain('Received message abc-123 from service 43');
  });

  it('stays found for as long as its loop beats, and no longer', async () => {
    const until = Date.now() + 1.2 * LEASE_MS;
    while (Date.now() < until) {
      expect((await lookUp('gateway')).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    gateway.child.kill('SIGKILL');
    const lost = await eventually(
      () => lookUp('gateway'),
      ({ status }) => status === 404,
    );
    expect(lost.body.instances).toMatchObject([{ state: 'down' }]);
    expect((await lookUp('image-analysis')).status).toBe(200);
  });

  it('is not found any more once it has deregistered', async () => {
    analysis.child.kill('SIGTERM');
    // Its end is not waited for: Python's asyncio may lose the cancellation of a loop that is about to beat (bpo-42130).
    const said = await eventually(
      async () => analysis.stdout().trim().split('\n').at(-1) ?? '',
      (line) => line.includes('deregistered'),
    );
    expect(JSON.parse(said), analysis.stderr()).toEqual({ deregistered: true });
    const gone = await eventually(
      () => lookUp('image-analysis'),
      ({ status }) => status === 404,
    );
    expect(gone.body).toEqual({ detail: 'Service not found' });
  });
});
