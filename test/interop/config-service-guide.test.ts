// The Service Registry Integration Guide: its own code, block by block, in a real Python, against `regctl serve`.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Instrument, json, pathname, send, startInstrument } from '../support/instrument.js';
import { emptyFolder } from '../support/run-cli.js';
import { eventually, get, post } from '../support/start-registry.js';
import type { Serving } from '../support/targets.js';
import { blockWith } from './guides.js';
import { describeModes } from './modes.js';
import { runPython, startPython } from './python.js';

const CLIENT = blockWith('configService', 'class ServiceRegistryHttpClient:');
const MINIMAL = blockWith('configService', '# main.py');
const DISCOVERING = blockWith('configService', 'async def call_another_service():');
const LOGGING = blockWith('configService', 'logging.basicConfig(level=logging.DEBUG)');
const CLIENT_FILE = 'utils/service_registry_client.py';

describeModes("the guide's Python", (open) => {
  let registry: Serving;
  let service: Instrument;
  beforeAll(async () => {
    service = await startInstrument(async (request, response) =>
      send(response, json(200, { asked: pathname(request) })),
    );
    registry = await open(['--auth', 'none']);
  });
  afterAll(async () => {
    await registry?.close();
    await service.close();
  });

  const listed = async (name: string) =>
    (await get(`${registry.url}/api/v1/registry/services/${name}`)).body as Record<string, unknown>[];

  it('its client registers with a health check, twice, discovers and deregisters', async () => {
    const { said, stderr } = await runPython({
      main: 'client.py',
      files: { [CLIENT_FILE]: CLIENT, 'logging_block.py': LOGGING },
      env: {
        CONFIG_SERVICE_URL: registry.url,
        SERVICE_NAME: 'billing-service',
        SERVICE_PUBLIC_URL: `${service.url}/`,
      },
    });
    expect(said).toEqual({
      unknown: null,
      instance_id: true,
      again: true,
      url: service.url,
      generated: true,
      refused: null,
      deregistered: true,
      gone: true,
      twice: true,
    });
    expect(service.requests.map(pathname)).toContain('/health');
    // Its warning of what was refused, and what the guide's logging adds.
    expect(stderr).toMatch(
      /^WARNING:utils\.service_registry_client:Service registry registration failed: .*422/m,
    );
    expect(stderr).toMatch(/^DEBUG:/m);
    expect(await listed('billing-service')).toEqual([]);
  });

  it('its complete service is found while it runs, by its own health check, and gone when it ends', async () => {
    const { child, done, stderr } = startPython({
      main: 'serve_app.py',
      files: { 'main.py': MINIMAL, [CLIENT_FILE]: CLIENT },
      env: { CONFIG_SERVICE_URL: registry.url, SERVICE_NAME: 'my-service', SERVICE_HOST: '127.0.0.1' },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const found = await eventually(
      () => get(`${registry.url}/api/v1/registry/services/my-service/url`),
      ({ status }) => status === 200,
    );
    expect((await get(`${found.body.url}/`)).body).toEqual({ service: 'my-service' });
    const [row] = await listed('my-service');
    expect(row).toMatchObject({
      service_url: found.body.url,
      health_check_url: `${found.body.url}/health`,
      status: 'healthy',
      monitored_by: 'health-check',
    });
    expect(stderr()).toContain(`Registered as ${row?.instance_id}`);

    child.kill('SIGTERM');
    expect(await done).toBe(0);
    expect(
      await eventually(
        () => listed('my-service'),
        (rows) => rows.length === 0,
      ),
    ).toEqual([]);
  });

  it('its call of another service reaches it', async () => {
    const body = {
      service_name: 'asr-service',
      service_url: service.url,
      service_metadata: { status: 'healthy' },
    };
    await post(`${registry.url}/api/v1/registry/register`, body);
    await eventually(
      () => listed('asr-service'),
      (rows) => rows.length === 1,
    );
    const { said } = await runPython({
      main: 'caller.py',
      files: { [CLIENT_FILE]: CLIENT, 'discovering_block.py': DISCOVERING },
      env: { CONFIG_SERVICE_URL: registry.url },
    });
    expect(said).toEqual({ asked: '/api/v1/asr/endpoint' });
  });

  it('its command lines show the services', async () => {
    for (const name of ['asr-service', 'my-service']) {
      const service_metadata = { instance_id: `${name}-1`, status: 'healthy' };
      const body = { service_name: name, service_url: service.url, service_metadata };
      await post(`${registry.url}/api/v1/registry/register`, body);
      await eventually(
        () => listed(name),
        (rows) => rows.some(({ instance_id }) => instance_id === `${name}-1`),
      );
    }
    const said = async (line: string) => {
      const home = emptyFolder();
      // The guide's host and port are those of its deployment.
      const { host } = new URL(registry.url);
      const rc = ['config-service', 'localhost'].map((name) => `connect-to = "${name}:8082:${host}"`);
      writeFileSync(join(home, '.curlrc'), [...rc, 'header = "Host: localhost"', 'silent'].join('\n'));
      const { stdout } = await promisify(execFile)('bash', ['-e', '-c', blockWith('configService', line)], {
        env: { PATH: process.env.PATH, HOME: home },
      });
      return stdout;
    };
    const [instances, url] = (await said('# Get a healthy instance URL')).split(/(?<=\])(?=\{)/);
    expect(JSON.parse(instances ?? '')).toContainEqual(
      expect.objectContaining({ instance_id: 'asr-service-1', service_url: service.url }),
    );
    expect(JSON.parse(url ?? '')).toEqual({ url: service.url });
    const [services, mine] = (await said('# Check your service specifically')).split(/(?<=\])(?=\[)/);
    expect(JSON.parse(services ?? '').map((row: { service_name: string }) => row.service_name)).toEqual(
      expect.arrayContaining(['asr-service', 'my-service']),
    );
    expect(JSON.parse(mine ?? '')).toMatchObject([{ instance_id: 'my-service-1', status: 'healthy' }]);
  });
});
