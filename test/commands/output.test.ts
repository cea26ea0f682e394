// What all commands share on their way out: help, colour, closed pipes, --debug.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Replica } from '../support/config-service-replica.js';
import { ENTRY, emptyFolder, runCli } from '../support/run-cli.js';
import { startSampleService } from '../support/sample-service.js';
import { openReplica, SECRET, type Target } from '../support/targets.js';

const COMMANDS = [
  'list',
  'describe',
  'register',
  'deregister',
  'discover',
  'send-message',
  'send',
  'heartbeat',
  'mint-token',
  'context list',
  'context set',
  'context use',
  'context show',
  'context delete',
];

let target: Target;
let replica: Replica;
beforeAll(async () => {
  ({ target, replica } = await openReplica());
  for (let n = 0; n < 3_000; n++) {
    const service_name = `service-${String(n).padStart(5, '0')}`;
    const service_metadata = { instance_id: `${service_name}-1`, status: 'healthy' };
    replica.registerRaw({ service_name, service_url: `http://${service_name}:8090`, service_metadata });
  }
});
afterAll(() => replica.close());

describe('help', () => {
  it.concurrent.each(COMMANDS)('of %s has examples and asks no registry', async (command) => {
    const { code, stdout, stderr } = await runCli([...command.split(' '), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^EXAMPLES$/m);
    expect(stdout).toMatch(/\$ .*regctl /);
    expect(stdout).not.toContain('<%');
  });

  it('lists the commands, and says which version it is', async () => {
    const [help, version, topic] = await Promise.all([
      runCli(['--help']),
      runCli(['--version']),
      runCli(['context', '--help']),
    ]);
    for (const command of ['list', 'describe', 'heartbeat', 'serve', 'doctor']) {
      expect(help.stdout).toMatch(new RegExp(`^ +${command} +\\S`, 'm'));
    }
    expect(version.stdout).toMatch(/^regctl\/\d+\.\d+\.\d+ /);
    expect(topic.stdout).toMatch(/context use/);
    for (const { code } of [help, version, topic]) expect(code).toBe(0);
    // As `npm link` leaves them on the PATH, also after another build; a checkout has the second.
    const checkout = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
    for (const program of [ENTRY, checkout]) {
      expect(spawnSync(program, ['--version']).stdout?.toString()).toBe(version.stdout);
    }
  });
});

describe('a closed pipe', () => {
  it.each(['table', 'json', 'ndjson', 'yaml'])('ends -o %s quietly', async (output) => {
    const line = `"${process.execPath}" "${ENTRY}" list -o ${output} | head -c 100`;
    const env = { PATH: process.env.PATH ?? '', HOME: emptyFolder(), ...target.env };
    const shell = spawn('bash', ['-c', `${line}; echo "code \${PIPESTATUS[0]}" >&2`], { env });
    let stderr = '';
    shell.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    await once(shell, 'close');
    expect(stderr).toBe('code 0\n');
  });

  it('loses nothing of a long answer into a pipe that stays open', async () => {
    const { stdout } = await target.run(['list', '-o', 'ndjson']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(3_000);
  });
});

describe('colour', () => {
  const ESCAPE = '\u001b[';
  it.each([
    { when: 'in a pipe', args: [], env: {}, colour: false },
    { when: 'with FORCE_COLOR', args: [], env: { FORCE_COLOR: '1' }, colour: true },
    { when: 'with FORCE_COLOR=0', args: [], env: { FORCE_COLOR: '0' }, colour: false },
    {
      when: 'with NO_COLOR over FORCE_COLOR',
      args: [],
      env: { FORCE_COLOR: '1', NO_COLOR: '1' },
      colour: false,
    },
    {
      when: 'with --no-color over FORCE_COLOR',
      args: ['--no-color'],
      env: { FORCE_COLOR: '1' },
      colour: false,
    },
    { when: 'with --color over NO_COLOR', args: ['--color'], env: { NO_COLOR: '1' }, colour: true },
  ])('$when: $colour', async ({ args, env, colour }) => {
    const { stdout } = await target.run(['list', '--name', 'service-00001', ...args], { env });
    expect(stdout.includes(ESCAPE)).toBe(colour);
    // Never colour alone: the word is there either way.
    expect(stdout).toContain('healthy');
  });

  it('never in data', async () => {
    const env = { FORCE_COLOR: '1' };
    const { stdout } = await target.run(['list', '--name', 'service-00001', '--json'], { env });
    expect(stdout).not.toContain(ESCAPE);
  });
});

it('--debug shows each request with its timing on stderr, and leaves stdout as it is', async () => {
  const { stdout, stderr } = await target.run(['discover', 'service-00001', '--debug']);
  expect(stdout).toBe('http://service-00001:8090\n');
  expect(stderr).toMatch(
    /^debug: GET http:\/\/127\.0\.0\.1:\d+\/api\/v1\/registry\/services\/service-00001\/url -> 200 \(.*firstByte [\d.]+ ms, total [\d.]+ ms\)$/m,
  );
});

it.runIf(existsSync('/dev/full'))('an output that cannot be written is said, and is no success', async () => {
  const command = `"${process.execPath}" "${ENTRY}" context list > /dev/full`;
  const { status, stderr } = spawnSync('sh', ['-c', command], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: emptyFolder() },
  });
  expect(status).toBe(3);
  expect(stderr).toContain('Error: The result cannot be written to standard output: ENOSPC.');
});

/** Runs a command with its output into a pipe that is full and says so instead of waiting; then reads the pipe. */
const INTO_FULL_PIPE = `
import os, subprocess, sys, time
end, start = os.pipe()
os.set_blocking(start, False)
full = 0
try:
    while True: full += os.write(start, b'x')
except BlockingIOError:
    command = subprocess.Popen(sys.argv[1:], stdout=start)
os.close(start)
time.sleep(0.5)
with os.fdopen(end, 'rb') as pipe: sys.stdout.buffer.write(pipe.read()[full:])
sys.exit(command.wait())`;

it.runIf(existsSync('/usr/bin/python3'))('waits for a pipe that other programs have filled', () => {
  const { status, stdout, stderr } = spawnSync(
    '/usr/bin/python3',
    ['-c', INTO_FULL_PIPE, process.execPath, ENTRY, 'mint-token'],
    { encoding: 'utf8', env: { ...process.env, JWT_SECRET: SECRET, SERVICE_ID: '1' } },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^ey[\w-]+\.[\w-]+\.[\w-]+\n$/);
});

it('a message is sent although nobody reads what is said beside it', async () => {
  const service = await startSampleService({ name: 'asr-service', secret: SECRET });
  const child = spawn(process.execPath, [ENTRY, 'send', 'asr-service', '-t', 'query', '--url', service.url], {
    env: { PATH: process.env.PATH, HOME: emptyFolder(), SERVICE_ID: '1', JWT_SECRET: SECRET },
    cwd: emptyFolder(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // The reader is gone long before the first word.
  child.stderr.destroy();
  expect((await once(child, 'exit'))[0]).toBe(0);
  expect(service.received).toHaveLength(1);
  await service.close();
});

it('`help COMMAND` is what people type', async () => {
  const { code, stdout } = await runCli(['help', 'list']);
  expect(code).toBe(0);
  expect(stdout).toContain('$ regctl list');
});
