// --exec: what the doctor makes of the command and of what is there, in containers of this machine's kernel.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { CheckResult } from '../../src/doctor/result.js';
import {
  ADDRESS,
  type Container,
  type ContainerOptions,
  has,
  NO_CONTAINERS,
  startContainer,
} from '../support/container.js';
import { startHostile } from '../support/hostile-registry.js';
import { json, send, startInstrument } from '../support/instrument.js';
import { deploy, runDoctor, SECRET, SERVICE } from './deployment.js';

type Inside = Record<string, CheckResult>;

let outside: Awaited<ReturnType<typeof deploy>>;
beforeAll(async () => {
  outside = await deploy({ register: false, env: { SERVICE_HOST: undefined, SERVICE_PORT: '8090' } });
});
afterAll(() => outside.close());

/** What inside.* comes to for a command. */
async function examine(
  command: string,
  {
    timeoutMs = 20_000,
    signal,
    waitMs = 0,
  }: { timeoutMs?: number; signal?: AbortSignal; waitMs?: number } = {},
): Promise<Inside> {
  const input = { exec: { command, timeoutMs }, only: ['inside.*'], waitMs };
  const report = await runDoctor({ ...outside, input }, signal);
  const results = report.results.filter(({ category }) => category === 'inside');
  return Object.fromEntries(results.map((result) => [result.id.replace('inside.', ''), result]));
}

function codes(result: CheckResult | undefined): string[] {
  return result?.findings.map(({ code }) => code) ?? [];
}

function seenBy(result: CheckResult | undefined): string {
  return [result?.seen, ...(result?.findings ?? []).map(({ seen }) => seen)].join(' ');
}

/** A registry that is well, at http://config-service:8082 inside. */
async function container(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  options: ContainerOptions = {},
): Promise<Container> {
  const registry = await startInstrument((_, response) => send(response, json(200, { status: 'healthy' })));
  const selfSigned = await startHostile('self-signed');
  const started = await startContainer({
    hosts: { 'config-service': ADDRESS, elsewhere: '10.99.0.1' },
    ways: {
      [`${ADDRESS}:8082`]: registry.url,
      [`${ADDRESS}:8443`]: selfSigned.url,
      '127.0.0.1:8090': registry.url,
    },
    ...options,
    env: {
      SERVICE_NAME: SERVICE,
      SERVICE_PORT: '8090',
      SERVICE_ID: '42',
      JWT_SECRET: SECRET,
      ...options.env,
    },
  });
  onTestFinished(async () => {
    await started.close();
    await Promise.all([registry.close(), selfSigned.close()]);
  });
  return started;
}

interface Image extends ContainerOptions {
  name: string;
  /** What asks, what resolves. */
  asks: string;
  resolves: string;
  hashes: boolean;
  /** What it makes of a certificate that nobody vouches for. */
  selfSigned: string;
  /** Programs of this machine it is made of. */
  needs: string[];
}

const TLS = 'INSIDE_REGISTRY_TLS';
const IMAGES: Image[] = [
  { ...alone('curl'), hashes: false, selfSigned: TLS },
  { ...alone('wget'), hashes: false, selfSigned: TLS },
  { ...alone('python3'), hashes: true, selfSigned: TLS },
  { ...alone('node'), hashes: true, selfSigned: TLS },
  {
    name: 'nc, getent and openssl',
    tools: ['getent', 'openssl'],
    scripts: { nc: 'exec /bin/busybox nc "$@"' },
    asks: 'nc',
    resolves: 'getent',
    hashes: true,
    selfSigned: 'INSIDE_NO_TOOL',
    needs: ['getent', 'openssl'],
  },
  // Its wget checks no certificate.
  { ...alone('busybox'), asks: 'wget', resolves: 'nslookup', hashes: true, selfSigned: 'INSIDE_NO_TOOL' },
];

function alone(tool: string) {
  return { name: `${tool} alone`, tools: [tool], asks: tool, resolves: tool, needs: [tool] };
}

describe
  .skipIf(NO_CONTAINERS)
  .concurrent(`inside an image with${NO_CONTAINERS ? `: ${NO_CONTAINERS}` : ''}`, () => {
    it.for(IMAGES)(
      '$name, the same is found',
      async ({ asks, resolves, hashes, selfSigned, needs, ...options }, test) => {
        const missing = needs.filter((program) => !has(program));
        if (missing.length > 0) test.skip(`no ${missing.join(', ')} here`);
        const { exec, execWith } = await container(test, { image: 'host', ...options });
        const at = async (url: string) => examine(await execWith({ CONFIG_SERVICE_URL: url }));

        const well = await examine(exec);
        expect(seenBy(well['registry-reachable'])).toBe(
          `http://config-service:8082/health answered 200 (${asks})`,
        );
        expect(seenBy(well.health)).toBe(`http://127.0.0.1:8090/health answered 200 (${asks})`);
        expect(well.dns).toMatchObject({ status: 'pass' });
        expect(seenBy(well.agrees)).toContain(hashes ? 'JWT_SECRET' : 'JWT_SECRET not compared');

        const nameless = await at('http://registry.invalid:8082');
        expect(codes(nameless.dns)).toEqual(['INSIDE_DNS']);
        expect(seenBy(nameless.dns)).toContain(`${resolves} says`);
        expect(nameless['registry-reachable']?.skip).toMatchObject({ kind: 'blocked', by: 'inside.dns' });

        expect(codes((await at('http://config-service:9'))['registry-reachable'])).toEqual([
          'INSIDE_REGISTRY_REFUSED',
        ]);
        const untrusted = (await at('https://config-service:8443'))['registry-reachable'];
        expect(codes(untrusted)).toEqual([selfSigned]);

        expect(codes((await at('http://elsewhere:8082'))['registry-reachable'])).toEqual([
          'INSIDE_REGISTRY_UNREACHABLE',
        ]);
      },
    );

    it('nothing but a shell, it says what is missing', async (test) => {
      const { exec } = await container(test, { image: 'host', tools: [] });
      const found = await examine(exec);
      expect(seenBy(found.runs)).toContain('nothing but the shell');
      expect(seenBy(found['registry-reachable'])).toContain('neither curl, wget, python, node nor nc');
      expect(found['registry-reachable']?.status).toBe('unknown');
      expect(seenBy(found.agrees)).toContain('JWT_SECRET not compared');
      expect(found.clock?.skip?.kind).toBe('not-applicable');
    });
  });

describe.skipIf(NO_CONTAINERS).concurrent('a container', () => {
  it('is asked about the registry its service uses, not the one of the doctor', async (test) => {
    const { execWith } = await container(test);
    const found = await examine(await execWith({ REGISTRY_URL: 'http://config-service:8082/' }));
    expect(seenBy(found['registry-reachable'])).toContain('http://config-service:8082/health answered 200');
  });

  it('tells a different secret by a digest, and a placeholder from a secret', async (test) => {
    const { execWith } = await container(test);
    const other = await examine(await execWith({ JWT_SECRET: `${SECRET} ` }));
    expect(codes(other.agrees)).toEqual(['INSIDE_SECRET_DIFFERS']);
    const template = await examine(
      await execWith({ JWT_SECRET: ' change-me-to-something-that-is-really-long ' }),
    );
    expect(seenBy(template.env)).toContain('is a placeholder');
  });

  it('has no say in what is run, and shows no credentials', async (test) => {
    const { execWith } = await container(test);
    const found = await examine(
      await execWith({
        CONFIG_SERVICE_URL: 'http://operator:hunter22@config-service:8082',
        SERVICE_HOST: `$(echo broken)'; echo broken; "\`echo broken\``,
        SERVICE_INSTANCE_ID: 'a\tb\nregctl-inside\tend 0\n\u001b[31mred',
      }),
    );
    const text = JSON.stringify(found);
    expect(text).not.toContain('hunter22');
    expect(text).not.toMatch(/\\u001b|\u001b/);
    expect(seenBy(found.env)).toContain(`SERVICE_HOST (from environment) is "$(echo broken)'; echo broken;`);
    expect(seenBy(found.env)).toContain('must not contain credentials');
  });

  it('never lets the secret out: neither as it is nor in the arguments of a program', async (test) => {
    const heard = join(await folder(test), 'heard');
    const { exec } = await container(test, {
      image: 'host',
      tools: ['date'],
      scripts: {
        sha256sum: `/bin/cat /proc/$$/cmdline /proc/$PPID/cmdline >>${heard}.arguments; exec /usr/bin/sha256sum "$@"`,
      },
    });
    const found = await examine(`tee ${heard}.in | ${exec} sh -s 2>&1 | tee ${heard}.out; true`);
    const [sent, answered, programs] = await Promise.all(
      ['in', 'out', 'arguments'].map((each) => readFile(`${heard}.${each}`, 'utf8')),
    );
    expect(answered).toContain('digest\t');
    expect(programs).toContain('sha256sum');
    expect(`${sent}${answered}${programs}${JSON.stringify(found)}`).not.toContain(SECRET);
  });

  it('may greet first, and talk on stderr', async (test) => {
    const { exec } = await container(test);
    const found = await examine(`echo 'Last login: today'; echo 'tool\tcurl'; echo careful >&2; ${exec}`);
    expect(found.runs?.status).toBe('pass');
    expect(seenBy(found.runs)).not.toContain('curl');
  });

  it('whose answer breaks off is unknown', async (test) => {
    const { exec } = await container(test);
    const found = await examine(`cut_off() { ${exec} "$@" | head -n 9; }; cut_off`);
    expect(codes(found.runs)).toEqual(['INSIDE_NO_ANSWER']);
    expect(found['registry-reachable']?.skip).toMatchObject({ kind: 'blocked', by: 'inside.runs' });
  });

  it('that becomes well is looked at again under --wait, once for all checks', async (test) => {
    const registry = await startInstrument((_, response) => {
      send(response, json(registry.requests.length < 3 ? 503 : 200, {}));
    });
    const started = await startContainer({
      hosts: { 'config-service': ADDRESS },
      ways: { [`${ADDRESS}:8082`]: registry.url },
      env: { SERVICE_NAME: SERVICE },
    });
    test.onTestFinished(async () => {
      await started.close();
      await registry.close();
    });
    const found = await examine(started.exec, { waitMs: 20_000 });
    expect(found['registry-reachable']).toMatchObject({ status: 'pass' });
    expect(found['registry-reachable']?.attempts.map(({ status }) => status)).toEqual([
      'fail',
      'fail',
      'pass',
    ]);
  });
});

describe('the command of --exec', () => {
  it('is not taken for this machine where it is empty', async () => {
    await expect(examine(' ')).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('that says too much is ended', async () => {
    const found = await examine('yes; :');
    expect(seenBy(found.runs)).toContain('more than 64 KiB');
  });

  it('may leave something in the background that keeps its output open', async () => {
    const began = performance.now();
    const found = await examine('(sleep 600 &); env SERVICE_NAME=asr-service');
    expect(found.runs?.status).toBe('pass');
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it('is run also where nothing of the registry is known here', async () => {
    const { env } = outside;
    const input = { exec: { command: 'env', timeoutMs: 20_000 }, only: ['inside.*'] };
    for (const url of ['[PROVIDED BY COORDINATOR]', 'http://config-service.invalid:8082', undefined]) {
      const report = await runDoctor({ ...outside, env: { ...env, CONFIG_SERVICE_URL: url }, input });
      expect(report.results.find(({ id }) => id === 'inside.runs')?.status).toBe('pass');
    }
  });

  it('is shown with what it complained of, without control characters', async () => {
    const found = await examine(`printf 'service "x" \\033[31mis not running\\n' >&2; exit 7; :`);
    expect(seenBy(found.runs)).toContain('ended with exit code 7: service "x" is not running');
    const secret = await examine(`echo 'JWT_SECRET=${SECRET}' >&2; exit 1; :`);
    expect(seenBy(secret.runs)).not.toContain(SECRET);
  });

  it.for([
    ['at its deadline', 'INSIDE_TIMED_OUT', () => ({ timeoutMs: 500 })],
    ['on an abort', 'INTERRUPTED', () => ({ signal: AbortSignal.timeout(500) })],
  ] as const)('leaves nothing running %s', async ([, code, options], test) => {
    const file = join(await folder(test), 'pid');
    const began = performance.now();
    const found = await examine(`trap '' TERM; sleep 600 & echo $! >${file}; wait; :`, options());
    expect(codes(found.runs)).toEqual([code]);
    expect(performance.now() - began).toBeLessThan(20_000);
    const pid = Number(await readFile(file, 'utf8'));
    await expect.poll(() => alive(pid)).toBe(false);
  });
});

/** True while it runs; one that nobody has waited for yet does not. */
async function alive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'Z) Z');
  return !/\) Z/.test(stat);
}

async function folder({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'regctl-inside-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}
