// What a hostile or a broken other side makes of the doctor: nothing of it runs, and no secret is shown.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Report } from '../../src/doctor/result.js';
import { json, startInstrument } from '../support/instrument.js';
import { type Deployment, type DeploymentOptions, deploy, runDoctor, SECRET, SERVICE } from './deployment.js';

async function deployed(options: DeploymentOptions = {}) {
  const deployment = await deploy(options);
  onTestFinished(() => deployment.close());
  return deployment;
}

function resultOf(report: Report, id: string) {
  return report.results.find((each) => each.id === id);
}

/** Examines inside by a program, of these lines of shell. */
async function lookedInside(deployment: Deployment, ...lines: string[]): Promise<Report> {
  const command = join(deployment.folder, 'way-in');
  await writeFile(command, ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  deployment.input.only = ['inside.*'];
  deployment.input.exec = { command, timeoutMs: 20_000 };
  return runDoctor(deployment);
}

describe('where the service runs', () => {
  it('nobody puts a program into a command that is there to be pasted', async () => {
    const deployment = await deployed();
    const report = await lookedInside(
      deployment,
      "nonce=$(sed -n 's/^nonce=//p' | head -n 1)",
      "printf 'regctl-inside\\tbegin %s\\n' $nonce",
      "printf 'url registry\\thttp://config-service:8082/health\\n'",
      "printf 'registry\\tpython3;pwned; 1 refused\\n'",
      "printf 'dns\\tgetent 0 10.0.0.1\\n'",
      "printf 'regctl-inside\\tend %s\\n' $nonce",
    );
    expect(resultOf(report, 'inside.runs')?.status).toBe('pass');
    expect(resultOf(report, 'inside.registry-reachable')?.status).toBe('unknown');
    expect(JSON.stringify(report).includes('pwned')).toBe(false);
  });

  it('a registered health URL leads to no other host than the service', async () => {
    const deployment = await deployed({ register: false });
    const victim = await startInstrument((_, response) => void response.end());
    deployment.owns(victim);
    deployment.register({ health_check_url: `x:@${new URL(victim.url).host}/latest/meta-data` });
    const port = new URL(deployment.service.url).port;
    const report = await lookedInside(
      deployment,
      `exec env SERVICE_NAME=${SERVICE} SERVICE_PORT=${port} "$@"`,
    );
    expect(resultOf(report, 'inside.health')?.seen).toContain(`http://127.0.0.1:${port}/health answered`);
    expect(victim.requests).toEqual([]);
  });

  it('a command to paste shows what it says by a way that takes quotes off, as ssh does, and nothing else', async () => {
    const deployment = await deployed();
    const report = await lookedInside(
      deployment,
      `exec env -i PATH="$PATH" JWT_SECRET=hunter2-hunter2 SERVICE_NAME=${SERVICE} sh -c "$*"`,
    );
    const shown = await Promise.all(
      ['inside.env', 'inside.agrees'].flatMap((id) =>
        (resultOf(report, id)?.findings ?? []).map(async ({ code, reproduce }) => {
          const { stdout } = await promisify(execFile)('sh', ['-c', `{ ${reproduce}; } || true`], {
            env: { PATH: process.env.PATH, JWT_SECRET: SECRET },
          });
          return [code, stdout.trim()];
        }),
      ),
    );
    expect(Object.fromEntries(shown)).toMatchObject({
      SERVICE_ID_MISSING: '',
      SECRET_WEAK: '15',
      VARIABLE_MISSING: '',
      INSIDE_SECRET_DIFFERS: expect.stringMatching(/^[0-9a-f]{8}\n[0-9a-f]{8}$/),
    });
  });
});

describe('a registry', () => {
  it('that lists 100,000 instances at one URL takes the doctor no minutes', async () => {
    const deployment = await deployed({ input: { only: ['registration.no-duplicates'] } });
    const rows = Array.from({ length: 100_000 }, (_, i) => ({
      instance_id: `asr-${i}`,
      service_name: SERVICE,
      service_url: deployment.service.url,
      status: 'healthy',
    }));
    const many = json(200, rows);
    await deployment.gateway(({ path }) => (path.endsWith(`/services/${SERVICE}`) ? many : undefined));
    const began = performance.now();
    const report = await runDoctor(deployment);
    expect(resultOf(report, 'registration.no-duplicates')?.findings).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('that lists them without a health URL makes no report that nobody can open', async () => {
    const deployment = await deployed({ input: { only: ['registration.metadata'] } });
    const rows = Array.from({ length: 5_000 }, (_, i) => ({ instance_id: `asr-${i}`, status: 'unknown' }));
    const many = json(200, rows);
    await deployment.gateway(({ path }) => (path.endsWith(`/services/${SERVICE}`) ? many : undefined));
    const findings = resultOf(await runDoctor(deployment), 'registration.metadata')?.findings ?? [];
    expect(findings).toHaveLength(1_002);
    expect(new Set(findings.map(({ code }) => code))).toEqual(
      new Set(['METADATA_NO_STATUS', 'NO_HEALTH_URL']),
    );
    expect(findings.at(-1)?.seen).toContain('and 4499 more of this');
  });

  it('gets no header of a context that is of another registry', async () => {
    const deployment = await deployed();
    const { folder, registry } = deployment;
    const file = join(folder, '.config', 'regctl', 'contexts.yaml');
    await mkdir(dirname(file), { recursive: true });
    const context = (url: string) =>
      `current: prod\ncontexts:\n  prod:\n    registry: ${url}\n    headers: { X-Registry-Key: SUPERKEY }\n`;
    const keys = async (url: string) => {
      await writeFile(file, context(url));
      const before = registry.requests.length;
      await runDoctor(deployment);
      return new Set(registry.requests.slice(before).map(({ headers }) => headers['x-registry-key']));
    };
    expect(await keys('http://elsewhere.invalid')).toEqual(new Set([undefined]));
    expect(await keys(registry.url)).toEqual(new Set(['SUPERKEY']));
  });
});

describe('a report shows no secret', () => {
  const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJzZXJ2aWNlX2lkIjo0Mn0.c2ln';

  it.each([
    ['JWT_SECRET', `cannot verify with ${SECRET}`, SECRET],
    ['a URL with a password', 'cannot reach postgres://registry:hunter22@db/x', 'hunter22'],
    ['a token', `not decoded: ${TOKEN}`, TOKEN],
  ])('that a service which breaks down tells: %s', async (what, detail, secret) => {
    const deployment = await deployed({
      register: false,
      input: { active: true, only: ['health.*', 'message.*'] },
    });
    await deployment.replaceService(({ headers }) =>
      json(500, { detail: `${detail} ${headers.authorization ?? ''}` }),
    );
    const report = await runDoctor(deployment);
    const text = JSON.stringify(report);
    expect(text).not.toContain(secret);
    expect(text).toContain(`its text is left out, for it has ${what} in it`);
    expect(text).not.toMatch(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/);
  });

  it('that an engine says which was told it', async () => {
    const echo = createServer((socket) =>
      socket.on('data', (said) => socket.write(`-ERR ${String(said).replace(/\s+/g, ' ')}\r\n`)),
    ).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    onTestFinished(() => void echo.close());
    const { port } = echo.address() as AddressInfo;
    const deployment = await deployed({
      env: { REDISCLI_AUTH: 'hunter2-hunter2' },
      input: {
        only: ['engine.redis'],
        engines: { redis: `redis://127.0.0.1:${port}`, zookeeper: undefined, postgres: undefined },
      },
    });
    const report = await runDoctor(deployment);
    expect(resultOf(report, 'engine.redis')?.findings[0]?.seen).toContain('its answer is left out');
    expect(JSON.stringify(report)).not.toContain('hunter2-hunter2');
  });

  it('that stands in the URL of the environment', async () => {
    const url = 'http://svc:hunter22@asr-service:8090';
    const deployment = await deployed({ env: { SERVICE_PUBLIC_URL: url } });
    const report = await runDoctor(deployment);
    expect(resultOf(report, 'env.service-vars')?.findings[0]?.seen).toContain('[secret]@asr-service:8090');
    expect(JSON.stringify(report)).not.toContain('hunter22');
  });

  it('that stands in a registered URL which is none', async () => {
    const deployment = await deployed({ register: false });
    deployment.register({ service_url: 'http://svc:hunter22@asr-service:99999' });
    expect(JSON.stringify(await runDoctor(deployment))).not.toContain('hunter22');
  });
});

describe('a log of the start', () => {
  async function read(log: string) {
    const deployment = await deployed({ input: { only: ['registration.startup-log'] } });
    deployment.input.logFile = join(deployment.folder, 'start.log');
    await writeFile(deployment.input.logFile, log);
    return resultOf(await runDoctor(deployment), 'registration.startup-log');
  }

  it.each([
    ['in colours', `\u001b[32mRegistered ${SERVICE} with service registry as instance asr-1\u001b[0m\n`],
    ['far into a structured line', `{"context":"${'x'.repeat(400)}","message":"Registered as asr-1"}`],
    [
      'before the users of the service fail to register',
      'Registered as asr-1\nUser registration failed for bob\n',
    ],
    ['before a line that does not end', `Registered as asr-1\n${'x'.repeat(5_000_000)}`],
  ])('says that it registered %s', async (_, log) => {
    expect(await read(log)).toMatchObject({ status: 'pass' });
  });

  it('does not say so where it was a user who registered', async () => {
    const found = await read('Registration failed: timeout\nUser registered as admin\n');
    expect(found?.findings.map(({ code }) => code)).toEqual(['LOG_SAYS_FAILED']);
  });
});

describe('a command to paste', () => {
  it('asks the registry that was asked', async () => {
    const deployment = await deployed();
    const { env, flags, registry } = deployment;
    deployment.register({ service_url: 'http://127.0.0.1:9' });
    delete env.CONFIG_SERVICE_URL;
    flags.registry = registry.url;
    const report = await runDoctor(deployment);
    const commands = report.results.flatMap(({ findings }) => findings.map(({ reproduce }) => reproduce));
    const ofRegctl = commands.filter((command) => command?.startsWith('regctl '));
    expect(new Set(ofRegctl)).toEqual(new Set([`regctl describe --registry ${registry.url} ${SERVICE}`]));
  });

  it('runs a check that broke off for the service it was about', async () => {
    const deployment = await deployed({
      input: { only: ['registration.discoverable'], services: [SERVICE] },
    });
    await deployment.gateway(({ path }) =>
      path.endsWith(`/${SERVICE}/url`) ? json(500, { detail: 'down' }) : undefined,
    );
    const [finding] = resultOf(await runDoctor(deployment), 'registration.discoverable')?.findings ?? [];
    expect(finding?.seen).not.toMatch(/\.$/);
    expect(finding?.reproduce).toBe(
      `regctl doctor --service ${SERVICE} --only registration.discoverable --debug`,
    );
  });
});
