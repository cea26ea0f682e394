// regctl send-message (send)
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Answer, detail, type Instrument, json, send, startInstrument } from '../support/instrument.js';
import { type CliOptions, emptyFolder, runCli } from '../support/run-cli.js';
import { type Behaviour, type SampleService, startSampleService } from '../support/sample-service.js';
import { errorOf, inEveryFormat, SECRET, SERVICE_ID, TARGETS, type Target } from '../support/targets.js';

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const DEAD = 'http://127.0.0.1:9';
const SIGNING = { JWT_SECRET: SECRET, SERVICE_ID: String(SERVICE_ID) };

describe.each(TARGETS)('send: $kind', ({ open }) => {
  let target: Target;
  let service: SampleService;
  beforeAll(async () => {
    [target, service] = await Promise.all([
      open(),
      startSampleService({ name: 'asr-service', secret: SECRET }),
    ]);
    await target.register('asr-service', { id: 'asr-1', url: service.url });
    await target.register('sick', { id: 'sick-1', url: service.url, status: 'unhealthy' });
  });
  afterAll(() => Promise.all([target.close(), service.close()]));

  it('finds the service, signs the message, and prints the result', async () => {
    const args = ['send', 'asr-service', '--type', 'query', '--action', 'status', '--set', 'n:=2'];
    const { code, stdout, stderr } = await target.run(args, { env: SIGNING });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ service: 'asr-service', echo: { action: 'status', n: 2 } });
    const [traceId = ''] = UUID.exec(stderr) ?? [];
    expect(stderr).toBe(`trace_id ${traceId}: query to asr-service at ${service.url}/message\n`);
    const [message] = service.received;
    expect(service.received).toHaveLength(1);
    expect(message).toMatchObject({ type: 'query', trace_id: traceId, claims: { service_id: SERVICE_ID } });
    // A token that lives for a minute: it is seen by the service, and perhaps by its log.
    expect(Number(message?.claims.exp) - Number(message?.claims.iat)).toBe(60);
    const parent = `00-${traceId.replaceAll('-', '')}-`;
    expect(message?.headers.traceparent).toMatch(new RegExp(`^${parent}[0-9a-f]{16}-01$`));
  });

  it('says who is not there, and reaches an unhealthy one by name', async () => {
    const [unknown, sick, named, unknownInstance] = await Promise.all([
      target.run(['send', 'nobody', '--type', 'event', '--json'], { env: SIGNING }),
      target.run(['send', 'sick', '--type', 'event', '--json'], { env: SIGNING }),
      target.run(['send', 'sick', '--type', 'event', '--instance', 'sick-1'], { env: SIGNING }),
      target.run(['send', 'sick', '--type', 'event', '--instance', 'sick-2', '--json'], { env: SIGNING }),
    ]);
    expect([unknown, sick, named, unknownInstance].map(({ code }) => code)).toEqual([1, 1, 0, 1]);
    expect(errorOf(unknown).code).toBe('SERVICE_NOT_FOUND');
    expect(errorOf(sick).code).toBe('NO_HEALTHY_INSTANCE');
    expect(errorOf(unknownInstance).code).toBe('INSTANCE_NOT_FOUND');
  });
});

/** `send` to an address, without a registry. */
const sendTo = (url: string, args: readonly string[] = [], options: CliOptions = {}) =>
  runCli(['send', 'asr-service', '--type', 'command', '--url', url, ...args], {
    ...options,
    env: { ...SIGNING, ...options.env },
  });

describe('send', () => {
  let service: SampleService;
  beforeAll(async () => {
    service = await startSampleService({ name: 'asr-service', secret: SECRET });
  });
  afterAll(() => service.close());
  const payloadOf = (stdout: string) => JSON.parse(stdout).echo;

  it('takes the payload as JSON, from a file, from standard input, and field by field', async () => {
    const cwd = emptyFolder();
    await writeFile(join(cwd, 'event.json'), '{"from":"file","n":1}');
    const [inline, file, stdin, none] = await Promise.all([
      sendTo(service.url, ['--payload', '{"a":{"b":[1]}}']),
      sendTo(service.url, ['-p', '@event.json', '-s', 'n=2', '-s', 'list:=[1,true]', '-a', 'go'], { cwd }),
      sendTo(service.url, ['--payload', '-'], { input: '{"from":"stdin"}' }),
      sendTo(service.url),
    ]);
    expect(payloadOf(inline.stdout)).toEqual({ a: { b: [1] } });
    expect(payloadOf(file.stdout)).toEqual({ from: 'file', n: '2', list: [1, true], action: 'go' });
    expect(payloadOf(stdin.stdout)).toEqual({ from: 'stdin' });
    expect(payloadOf(none.stdout)).toEqual({});
  });

  it('prints what was answered in every format', async () => {
    const run = (args: readonly string[]) => runCli(args, { env: SIGNING });
    const words = [
      'send-message',
      'asr-service',
      '-t',
      'event',
      '--url',
      service.url,
      '--trace-id',
      'trace-7',
    ];
    const found = await inEveryFormat(run, words);
    const document = JSON.parse(found.json.stdout);
    expect(document).toEqual({
      service_name: 'asr-service',
      url: service.url,
      type: 'event',
      trace_id: 'trace-7',
      status: 200,
      duration_ms: expect.any(Number),
      trace_echoed: true,
      answer: { received: true, trace_id: 'trace-7', result: { service: 'asr-service', echo: {} } },
    });
    expect(parse(found.yaml.stdout)).toEqual({ ...document, duration_ms: expect.any(Number) });
    expect(JSON.parse(found.ndjson.stdout)).toEqual({ ...document, duration_ms: expect.any(Number) });
    expect(found.name.stdout).toBe('trace-7\n');
    expect(JSON.parse(found.table.stdout)).toEqual(document.answer.result);
    expect(found.wide.stdout).toBe(found.table.stdout);
    // No UUID, hence a trace of its own, the same each time (its SHA-256).
    const traces = service.received
      .filter(({ trace_id }) => trace_id === 'trace-7')
      .map(({ headers }) => String(headers.traceparent).split('-')[1]);
    expect(new Set(traces)).toEqual(
      new Set([createHash('sha256').update('trace-7').digest('hex').slice(0, 32)]),
    );
  });

  it('refuses what is no message, before anything is sent', async () => {
    const before = service.requests.length;
    const cases: [args: string[], says: string, options?: CliOptions][] = [
      [['--payload', '{nope'], '--payload is not JSON'],
      [['--payload', '[1]'], '--payload is JSON, but not an object'],
      [['--payload', '@missing.json'], 'missing.json cannot be read: there is no such file.'],
      [['--set', 'n:=nope'], '--set has n:= before something that is not JSON'],
      [['--trace-id', 'two words'], '--trace-id is refused'],
      [['--payload', '-', '--secret-stdin'], 'Both --payload - and --secret-stdin read standard input.'],
      [['--type', 'event'], 'Flag --type can only be specified once.'],
      [[], 'SERVICE_ID is not set', { env: { SERVICE_ID: '' } }],
      [[], 'is not the positive integer', { env: { SERVICE_ID: 'forty-two' } }],
      [[], 'JWT_SECRET is not set', { env: { JWT_SECRET: '' } }],
      [[], 'is a placeholder, not a secret', { env: { JWT_SECRET: '[PROVIDED BY COORDINATOR]' } }],
    ];
    await Promise.all(
      cases.map(async ([args, says, options]) => {
        const { code, stdout, stderr } = await sendTo(service.url, args, options);
        expect({ says, code, stdout }).toEqual({ says, code: 2, stdout: '' });
        expect(stderr).toContain(says);
      }),
    );
    expect(service.requests).toHaveLength(before);
  });
});

describe('send: what a service answers', () => {
  const behaving = async (behaviour: Behaviour, args: string[] = [], secret = SECRET) => {
    const service = await startSampleService({ name: 'asr-service', secret, behaviour });
    const result = await sendTo(service.url, args);
    await service.close();
    return { ...result, service };
  };
  const answering = async (answer: Answer) => {
    const service = await startInstrument((_, response) => send(response, answer));
    const result = await sendTo(service.url, ['--json']);
    await service.close();
    return result;
  };

  it('warns where the trace id does not come back', async () => {
    const [missing, wrong] = await Promise.all([
      behaving('no-trace-echo', ['--trace-id', 't-1']),
      behaving('wrong-trace', ['--trace-id', 't-1', '--json']),
    ]);
    expect(missing).toMatchObject({ code: 0, stdout: '{\n  "received": true\n}\n' });
    expect(missing.stderr).toContain('Warning: the answer carries no trace_id; it should echo t-1.');
    expect(JSON.parse(wrong.stdout)).toMatchObject({ trace_id: 't-1', trace_echoed: false });
    expect(wrong.stderr).toContain('Warning: the answer carries trace_id 00000000-');
  });

  it('tells refused, failed and not a service apart', async () => {
    const [badToken, badType, wrongShape, crash, html, forbidden, hangs] = await Promise.all([
      answering(detail(401, 'Invalid token')),
      behaving('refuses-type', ['--json', '--trace-id', 't-1']),
      answering(detail(422, [{ loc: ['body', 'payload'], msg: 'field required' }])),
      behaving('message-500', ['--json']),
      answering({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Welcome</html>' }),
      answering(detail(403, 'Not for you')),
      behaving('message-hangs', ['--json', '--timeout', '2s']),
    ]);
    expect([badToken, badType, wrongShape, crash, html, forbidden, hangs].map(({ code }) => code)).toEqual([
      4, 1, 1, 1, 3, 4, 3,
    ]);
    expect(errorOf(badToken)).toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining('Invalid token'),
      hint: expect.stringContaining('JWT_SECRET'),
    });
    expect(errorOf(badType)).toMatchObject({
      code: 'MESSAGE_FAILED',
      message: expect.stringContaining('answered the message with 400: Unknown message type'),
      hint: 'Look for trace id t-1 in its log.',
    });
    expect(errorOf(wrongShape).message).toContain('payload: field required');
    expect(errorOf(html)).toMatchObject({ exit: 3, message: expect.stringContaining('HTML') });
    expect(errorOf(hangs)).toMatchObject({ code: 'TIMED_OUT', exit: 3 });
  });

  it('exits 4 where the secret is not the one the service expects', async () => {
    const { code, service } = await behaving('wrong-trace', [], `not ${SECRET}`);
    expect([code, service.received]).toEqual([4, []]);
  });
});

describe('send: another instance', () => {
  /** A registry that hands out the first address and lists them all. */
  const registryOf = (...urls: string[]): Promise<Instrument> =>
    startInstrument(({ path }, response) => {
      const rows = urls.map((service_url, n) => ({ instance_id: `i-${n}`, service_url, status: 'healthy' }));
      send(response, json(200, path.endsWith('/url') ? { url: urls[0] } : rows));
    });

  it('is tried where the first is dead, with the same message', async () => {
    const service = await startSampleService({ name: 'asr-service', secret: SECRET });
    const registry = await registryOf(DEAD, service.url);
    const env = { ...SIGNING, CONFIG_SERVICE_URL: registry.url };
    const { code, stderr } = await runCli(['send', 'asr-service', '-t', 'command'], { env });
    expect(code).toBe(0);
    expect(stderr).toContain(`Cannot reach ${DEAD}: nothing accepts connections there`);
    expect(stderr).toContain('Trying another instance.');
    expect(service.received).toHaveLength(1);
    expect(stderr.split(service.received[0]?.trace_id ?? '')).toHaveLength(3);
    await Promise.all([service.close(), registry.close()]);
  });

  it('is not tried once the message may have arrived: reset, 500 and timeout reach one instance once', async () => {
    const failures: Record<string, Parameters<typeof startInstrument>[0]> = {
      reset: (_, response) => void response.destroy(),
      500: (_, response) => send(response, detail(500, 'no')),
      timeout: () => undefined,
    };
    const outcomes = await Promise.all(
      Object.entries(failures).map(async ([name, fails]) => {
        const [one, two] = await Promise.all([startInstrument(fails), startInstrument(fails)]);
        const registry = await registryOf(one.url, two.url);
        const env = { ...SIGNING, CONFIG_SERVICE_URL: registry.url };
        const args = [
          'send',
          'asr-service',
          '-t',
          'command',
          ...(name === 'timeout' ? ['--timeout', '3s'] : []),
        ];
        const { code } = await runCli(args, { env });
        await Promise.all([one.close(), two.close(), registry.close()]);
        return [name, code, one.requests.length, two.requests.length];
      }),
    );
    expect(outcomes).toEqual([
      ['500', 1, 1, 0],
      ['reset', 3, 1, 0],
      ['timeout', 3, 1, 0],
    ]);
  });

  it('gives up where none of them accepts connections', async () => {
    const registry = await registryOf(DEAD, 'http://127.0.0.1:1');
    const env = { ...SIGNING, CONFIG_SERVICE_URL: registry.url };
    const result = await runCli(['send', 'asr-service', '-t', 'command', '--json'], { env });
    expect(result.code).toBe(1);
    expect(errorOf(result).message).toContain('none of the 2 addresses the registry gives for it accepts');
    await registry.close();
  });
});
