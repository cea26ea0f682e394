// On a terminal: questions, colour, width. In a pipe none of it.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startHostile } from '../support/hostile-registry.js';
import { verifyHs256 } from '../support/hs256.js';
import { openReplica, SECRET, type Target } from '../support/targets.js';
import { hasTerminal, KEYS, startInTerminal } from '../support/terminal.js';

describe.skipIf(!hasTerminal && !process.env.CI)('on a terminal', () => {
  let target: Target;
  beforeAll(async () => {
    ({ target } = await openReplica());
    await target.register('asr-service', {
      id: 'asr-1',
      url: 'http://asr-service.speech.svc.cluster.local:8090',
    });
    await target.register('nmt-service', { id: 'nmt-1', url: 'http://nmt:1' });
    await target.register('tts-service', { id: 'tts-1', url: 'http://tts:1' });
  });
  afterAll(() => target.close());
  const start = (args: readonly string[], options: Parameters<typeof startInTerminal>[1] = {}) =>
    startInTerminal(args, { ...options, env: { ...target.env, ...options.env } });

  it('a missing service is picked from the list', async () => {
    const terminal = start(['discover']);
    await terminal.until('Which service?');
    await terminal.until('tts-service');
    terminal.type(KEYS.down + KEYS.enter);
    expect(await terminal.done).toBe(0);
    expect(terminal.screen()).toMatch(/http:\/\/nmt:1\n$/);
  });

  it('nobody is asked with --no-input, in CI, or where stderr goes elsewhere', async () => {
    const cases = [
      start(['discover', '--no-input']),
      start(['discover'], { env: { CI: 'true' } }),
      start(['discover'], { redirect: '2>&1 | cat' }),
    ];
    const [noInput, ci] = await Promise.all(cases.map(({ done }) => done));
    expect([noInput, ci]).toEqual([2, 2]);
    for (const terminal of cases) expect(terminal.screen()).toContain('No service is named.');
  });

  it('what is waited for is said after a second, also where nothing else happens', async () => {
    const silent = await startHostile('silent');
    onTestFinished(() => silent.close());
    const env = { CONFIG_SERVICE_URL: silent.url };
    const waiting = start(['doctor', '--only', 'registry.reachable', '--timeout', '60s'], { env });
    await waiting.until('waiting for registry.reachable');
    waiting.type(KEYS.ctrlC);
    expect(await waiting.done).toBe(130);
  });

  it('a destructive command asks, and no is the default', async () => {
    const no = start(['deregister', 'tts-service']);
    await no.until('Deregister tts-service: tts-1?');
    no.type(KEYS.enter);
    expect(await no.done).toBe(2);
    expect(no.screen()).toContain('Nothing was deregistered');
    expect(await target.listed('tts-service')).toHaveLength(1);

    const interrupted = start(['deregister', 'tts-service']);
    await interrupted.until('Deregister tts-service: tts-1?');
    interrupted.type(KEYS.ctrlC);
    expect(await interrupted.done).toBe(130);
    expect(await target.listed('tts-service')).toHaveLength(1);

    const yes = start(['deregister', 'tts-service']);
    await yes.until('Deregister tts-service: tts-1?');
    yes.type(`y${KEYS.enter}`);
    expect(await yes.done).toBe(0);
    expect(await target.listed('tts-service')).toEqual([]);
  });

  it('a secret is typed hidden', async () => {
    const terminal = start(['mint-token', '--service-id', '7']);
    await terminal.until('JWT secret');
    terminal.type(SECRET + KEYS.enter);
    expect(await terminal.done).toBe(0);
    expect(terminal.raw()).not.toContain(SECRET);
    const [token = ''] = /eyJ\S+/.exec(terminal.screen()) ?? [];
    expect(verifyHs256(token, SECRET, Date.now() / 1000)).toMatchObject({ service_id: 7 });
  });

  it('a table is cut to the width, coloured, and JSON is pretty', async () => {
    const narrow = start(['list'], { columns: 40 });
    const wide = start(['list'], { columns: 200 });
    const plain = start(['list'], { env: { NO_COLOR: '1' } });
    const dumb = start(['list'], { env: { TERM: 'dumb' } });
    const json = start(['list', '--json', '--name', 'nmt*']);
    for (const { done } of [narrow, wide, plain, dumb, json]) expect(await done).toBe(0);

    for (const line of narrow.screen().split('\n')) expect(line.length).toBeLessThanOrEqual(40);
    expect(narrow.screen()).toContain('…');
    expect(wide.screen()).toContain('http://asr-service.speech.svc.cluster.local:8090');
    expect(wide.raw()).toContain('\u001b[32mhealthy');
    expect(plain.raw()).not.toContain('\u001b[');
    expect(dumb.raw()).not.toContain('\u001b[');
    expect(json.screen()).toMatch(/^\[\n {2}\{\n {4}"service_name": "nmt-service",\n/);
  });
});
