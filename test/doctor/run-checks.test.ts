import { describe, expect, it } from 'vitest';
import { blockedBy, finding, found, notApplicable, pass } from '../../src/doctor/check.js';
import {
  check,
  FAULT,
  fakeClock,
  green,
  ofDeployment,
  ofService,
  run,
  texts,
  type World,
} from './small-world.js';

describe('the graph', () => {
  it('hands facts to what requires them', async () => {
    const first = ofDeployment({ ...texts, id: 'a.first', run: async () => pass('ok', 41) });
    const second = ofDeployment({
      ...texts,
      id: 'a.second',
      requires: [first],
      run: async (_, [n]) => pass(`${n + 1}`),
    });
    const [, result] = await run([first, second]);
    expect(result).toMatchObject({ status: 'pass', seen: '42' });
  });

  it('names the first cause of a chain, and runs what does not depend on it', async () => {
    const bad = check('a.bad', async () => found(FAULT));
    const next = green('a.next', { requires: [bad] });
    const last = green('a.last', { requires: [next] });
    const results = await run([last, next, bad, green('a.apart')]);
    expect(results.map(({ id, status, skip }) => [id, status, skip?.kind === 'blocked' && skip.by])).toEqual([
      ['a.last', 'skip', 'a.bad'],
      ['a.next', 'skip', 'a.bad'],
      ['a.bad', 'fail', false],
      ['a.apart', 'pass', false],
    ]);
  });

  it('goes on behind a failure that still has facts', async () => {
    const bad = check('a.bad', async () => found(FAULT, { facts: 'enough' }));
    const [, after] = await run([bad, green('a.after', { requires: [bad] })]);
    expect(after?.status).toBe('pass');
  });

  it('hands on what does not apply and what was left out, as such', async () => {
    const not = check('a.not', async () => notApplicable('no such thing'));
    const out = green('a.out');
    const results = await run(
      [not, green('a.of-not', { requires: [not] }), out, green('a.of-out', { requires: [out] })],
      { leaveOut: ({ id }) => (id === 'a.out' ? { kind: 'filtered', why: '--skip' } : undefined) },
    );
    expect(results.map(({ skip }) => skip?.kind)).toEqual([
      'not-applicable',
      'not-applicable',
      'filtered',
      'filtered',
    ]);
  });

  it('examines each service, sharing what belongs to the deployment, in a fixed order', async () => {
    let asked = 0;
    const shared = check('a.shared', async () => {
      asked++;
      return pass('ok', 1);
    });
    const one = ofService({
      ...texts,
      id: 'b.one',
      requires: [shared],
      run: async ({ service }: World) => pass(service ?? ''),
    });
    const results = await run([one, shared], { services: ['x', 'y'] });
    expect(results.map(({ id, service, seen }) => [id, service, seen])).toEqual([
      ['a.shared', null, 'ok'],
      ['b.one', 'x', 'x'],
      ['b.one', 'y', 'y'],
    ]);
    expect(asked).toBe(1);
  });

  it('says so where there is no service, and where a check would change something', async () => {
    const each = ofService({ ...texts, id: 'b.one', run: async () => pass('') });
    const results = await run([each, green('a.write', { effects: 'write' })]);
    expect(results.map(({ id, skip }) => [id, skip?.kind])).toEqual([
      ['a.write', 'filtered'],
      ['b.one', 'not-applicable'],
    ]);
    const [active] = await run([green('a.write', { effects: 'write' })], { active: true });
    expect(active?.status).toBe('pass');
  });
});

describe('without a list of services', () => {
  const withoutServices = { kind: 'blocked', by: 'a.list', why: 'the list did not come' } as const;
  const ofAll = ofService({ ...texts, id: 'b.service', run: async () => pass('') });

  it('checks of services are blocked by what keeps the list from being read', async () => {
    const cause = check('a.cause', async () => found(FAULT));
    const list = green('a.list', { requires: [cause] });
    const results = await run([cause, list, ofAll], { withoutServices });
    expect(results.map(({ skip }) => skip && 'by' in skip && skip.by)).toEqual([null, 'a.cause', 'a.cause']);
  });

  it('they are blocked also where it could be read by now: no service was examined', async () => {
    const results = await run([green('a.list'), ofAll], { withoutServices });
    expect(results.map(({ skip }) => skip)).toEqual([null, withoutServices]);
  });
});

describe('time', () => {
  it('keeps no more checks at work than there are places, but those that only watch', async () => {
    const clock = fakeClock();
    let working = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++working);
      await clock.sleep(10, new AbortController().signal);
      working--;
      return pass('');
    };
    const many = Array.from({ length: 9 }, (_, index) => check(`a.n${index}`, work));
    await run(many, { clock, concurrency: 3 });
    expect(most).toBe(3);
    const watcher = check('a.watch', work, { background: true });
    most = 0;
    await run([watcher, ...many], { clock, concurrency: 1 });
    expect(most).toBe(2);
  });

  it('ends a check that hangs, tells it so, and calls it unknown', async () => {
    let told = false;
    const hang = ofDeployment({
      ...texts,
      id: 'a.hang',
      timeoutMs: 500,
      run: ({ signal }: World) =>
        new Promise<never>(() => {
          signal.addEventListener('abort', () => {
            told = true;
          });
        }),
    });
    const [result] = await run([hang]);
    expect(result).toMatchObject({ status: 'unknown', duration_ms: 500 });
    expect(result?.findings[0]?.code).toBe('CHECK_TIMED_OUT');
    expect(told).toBe(true);
  });

  it('repeats what is transient, and only that, and tells the attempts', async () => {
    let tries = 0;
    const shaky = check('a.shaky', async () => (++tries < 3 ? found(FAULT, { transient: true }) : pass('')), {
      retry: { attempts: 3, delayMs: 100 },
    });
    const stubborn = check('a.stubborn', async () => found(FAULT), { retry: { attempts: 3, delayMs: 100 } });
    const [first, second] = await run([shaky, stubborn]);
    expect(first).toMatchObject({ status: 'pass', duration_ms: 200 });
    expect(first?.attempts.map(({ status, codes }) => [status, ...codes])).toEqual([
      ['fail', 'SECRET_MISSING'],
      ['fail', 'SECRET_MISSING'],
      ['pass'],
    ]);
    expect(second?.attempts).toHaveLength(1);
  });

  it('waits for what may still become true, as long as it was told to', async () => {
    let tries = 0;
    const slow = check('a.slow', async () => (++tries < 6 ? found(FAULT) : pass('', 1)), { settles: true });
    const after = green('a.after', { requires: [slow] });
    const never = check('a.never', async () => found(FAULT), { settles: true });
    const results = await run([slow, after, never], { waitMs: 10_000 });
    expect(results.map(({ status }) => status)).toEqual(['pass', 'pass', 'fail']);
    expect(results.map(({ attempts }) => attempts.length)).toEqual([6, 1, 11]);
  });

  it('waits also for what another finding stood in the way of', async () => {
    let tries = 0;
    const slow = check('a.slow', async () => (++tries < 4 ? found(FAULT) : pass('', 1)), { settles: true });
    const beside = check('a.beside', async () => (tries < 4 ? blockedBy(slow, 'not yet') : pass('')), {
      settles: true,
    });
    const results = await run([slow, beside], { waitMs: 10_000 });
    expect(results.map(({ status }) => status)).toEqual(['pass', 'pass']);
  });

  it('counts deadline and wait from the start of the run, where that was earlier', async () => {
    const clock = fakeClock();
    const never = check('a.never', async () => found(FAULT), { settles: true });
    const hang = check('a.hang', () => new Promise(() => undefined), { timeoutMs: 99_000 });
    const results = await run([never, hang], {
      clock,
      startedAt: -7_500,
      waitMs: 10_000,
      deadlineMs: 12_000,
    });
    expect(results.map(({ attempts }) => attempts.length)).toEqual([3, 1]);
    expect(results[1]?.findings[0]?.seen).toContain('deadline of 12 s');
    expect(clock.now()).toBe(4_500);
  });

  it('ends at the deadline with a result for every check', async () => {
    const hang = check('a.hang', () => new Promise(() => undefined), { timeoutMs: 99_000 });
    const queued = green('a.queued');
    const after = green('a.after', { requires: [hang] });
    const results = await run([hang, queued, after], { deadlineMs: 2_000, concurrency: 1 });
    expect(results.map(({ status, findings }) => [status, findings[0]?.code])).toEqual([
      ['unknown', 'DEADLINE_PASSED'],
      ['unknown', 'DEADLINE_PASSED'],
      ['skip', undefined],
    ]);
  });

  it('ends when interrupted, and lets a check clean up', async () => {
    const controller = new AbortController();
    const clock = fakeClock();
    let clean = false;
    const tidy = ofDeployment({
      ...texts,
      id: 'a.tidy',
      cleanupMs: 1_000,
      async run({ signal }: World) {
        controller.abort();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await clock.sleep(100, new AbortController().signal);
        clean = true;
        return pass('');
      },
    });
    const [result] = await run([tidy], { signal: controller.signal, clock });
    expect(result?.findings[0]?.code).toBe('INTERRUPTED');
    expect(clean).toBe(true);
  });
});

describe('trouble', () => {
  it('a check that crashes is unknown, with the cause', async () => {
    const crash = check('a.crash', async () => {
      throw new TypeError('x is not a function');
    });
    const [result] = await run([crash]);
    expect(result).toMatchObject({ status: 'unknown' });
    expect(result?.findings[0]).toMatchObject({
      code: 'CHECK_CRASHED',
      seen: 'a.crash broke off: x is not a function',
    });
  });

  it('the heaviest finding decides: fail, then unknown, then warn', async () => {
    const warn = finding('REGISTRY_URL_DEFAULT', { url: 'u' });
    const unknown = finding('ENV_FILE_UNREADABLE', { path: 'p', cause: 'c' });
    const results = await run([
      check('a.warn', async () => found(warn)),
      check('a.unknown', async () => found([warn, unknown])),
      check('a.fail', async () => found([unknown, FAULT, warn])),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['warn', 'unknown', 'fail']);
  });

  it('tells who watches what runs and what is done', async () => {
    const started: string[] = [];
    const finished: string[] = [];
    await run([green('a.one'), green('a.two')], {
      observe(event) {
        if (event.kind === 'started') started.push(event.id);
        if (event.kind === 'finished') finished.push(`${event.result.id} ${event.done}/${event.total}`);
      },
    });
    expect(started).toEqual(['a.one', 'a.two']);
    expect(finished).toEqual(['a.one 1/2', 'a.two 2/2']);
  });
});
