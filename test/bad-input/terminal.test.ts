// A registry, a service, an error: each full of terminal escapes. None reaches the terminal, in any format, and in the
// formats for programs the data is whole.
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { startHostile, TERMINAL_ATTACKS } from '../support/hostile-registry.js';
import { detail, type Instrument, json, pathname, send, startInstrument } from '../support/instrument.js';
import { runCli } from '../support/run-cli.js';
import { CONTROLS, FORMATS, told } from './support/outcome.js';
import { SECRET } from './support/row.js';

const ATTACK = Object.values(TERMINAL_ATTACKS).join(' ');
const env = { SERVICE_ID: '42', JWT_SECRET: SECRET };

it.concurrent.for(FORMATS)('a list full of escapes, -o %s', async (format) => {
  const registry = await startHostile('unusual');
  try {
    const { code, stdout, stderr } = await runCli(['list', '--registry', registry.url, '-o', format]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toMatch(CONTROLS);
    if (format === 'json' || format === 'ndjson') {
      const rows =
        format === 'json'
          ? JSON.parse(stdout)
          : stdout
              .trim()
              .split('\n')
              .map((line) => JSON.parse(line));
      const names = rows.map((row: { service_name: string }) => row.service_name);
      for (const [name, attack] of Object.entries(TERMINAL_ATTACKS))
        expect(names).toContain(`${name} ${attack}`);
    }
    if (format === 'yaml') expect(parse(stdout)).toHaveLength(Object.keys(TERMINAL_ATTACKS).length + 17);
  } finally {
    await registry.close();
  }
});

/** A Config Service with one service, everything about which is an attack; it takes nothing, and says so in kind. */
async function startAttacker(): Promise<Instrument> {
  const row = {
    instance_id: `asr-1${ATTACK}`,
    service_name: 'asr-service',
    service_url: `http://asr-service:8090/${ATTACK}`,
    health_check_url: `http://asr-service:8090/health${ATTACK}`,
    status: `healthy${ATTACK}`,
    registered_at: ATTACK,
    service_metadata: { [`key${ATTACK}`]: [ATTACK], status: ATTACK },
  };
  return startInstrument((request, response) => {
    const path = pathname(request);
    if (path === '/message')
      return send(response, json(200, { received: true, trace_id: ATTACK, result: ATTACK }));
    if (path === '/crash/message') {
      return send(response, { status: 500, headers: { 'content-type': 'text/plain' }, body: ATTACK });
    }
    if (request.method === 'POST')
      return send(response, detail(422, [{ loc: ['body', ATTACK], msg: ATTACK }]));
    if (path.endsWith('/url')) return send(response, json(200, { url: row.service_url }));
    if (path === '/health') return send(response, json(503, { status: ATTACK, postgres: ATTACK }));
    send(response, json(200, [row]));
  });
}

const LINES: { line: string; exit: number }[] = [
  { line: 'list', exit: 0 },
  { line: 'list --instances', exit: 0 },
  { line: 'describe asr-service', exit: 0 },
  { line: 'discover asr-service', exit: 3 },
  { line: 'discover asr-service --all', exit: 1 },
  { line: 'register asr-service --port 8090', exit: 2 },
  { line: 'deregister asr-service --yes', exit: 2 },
  { line: 'heartbeat asr-service --once', exit: 2 },
  { line: 'send asr-service --type query --url {url}', exit: 0 },
  { line: 'send asr-service --type query --url {url}/crash', exit: 1 },
  { line: 'doctor --service asr-service', exit: 1 },
];

it.concurrent.for(LINES)(
  'a service and a registry that attack: $line',
  { timeout: 60_000 },
  async ({ line, exit }) => {
    const attacker = await startAttacker();
    try {
      const words = line.replaceAll('{url}', attacker.url).split(' ');
      for (const format of ['wide', 'yaml']) {
        const options = ['--registry', attacker.url, '--api', 'config-service', '-o', format, '--debug'];
        const result = await runCli([...words, ...options], { env });

        expect(result.stdout + result.stderr).not.toMatch(CONTROLS);
        expect(result).toMatchObject({ code: exit, signal: null });
      }
    } finally {
      await attacker.close();
    }
  },
);

it('an error page and a redirect that attack', async () => {
  const attacker = await startInstrument((request, response) => {
    if (pathname(request).endsWith('/services')) return send(response, detail(401, ATTACK));
    const location = `http://elsewhere.invalid/${TERMINAL_ATTACKS.eightBitCsi}${'\t'}x`;
    send(response, { status: 302, headers: { location }, body: '' });
  });
  try {
    const at = ['--registry', attacker.url, '--api', 'config-service', '-o', 'json'];
    const refused = told(await runCli(['list', ...at]), 'json');
    expect(refused).toMatchObject({ exit: 4, code: 'UNAUTHORIZED' });
    const redirected = told(await runCli(['discover', 'asr-service', ...at]), 'json');
    expect(redirected).toMatchObject({ exit: 3, code: 'REDIRECTED' });
  } finally {
    await attacker.close();
  }
});
