// The engine over many services: places, rooms, what is kept, and what an end before its time leaves.
import { setMaxListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type Check, found, pass } from '../../src/doctor/check.js';
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

const many = (count: number) => Array.from({ length: count }, (_, index) => `service-${index}`);
const never = new AbortController().signal;
// As many listen as sleep.
setMaxListeners(0, never);

/** A time-taking request, and the most that were ever under way. */
function wire(clock = fakeClock(), ms = 50) {
  let now = 0;
  const seen = { clock, most: 0, sent: 0 };
  const request = async () => {
    seen.sent += 1;
    seen.most = Math.max(seen.most, ++now);
    await clock.sleep(ms, never);
    now -= 1;
  };
  return { seen, request };
}

/** As the doctor asks: first whether a service is there, then at its URL, then all else about it. */
function chain(request: () => Promise<void>): Check<unknown, World>[] {
  const one = (id: string, requires: Check<unknown, World>[]) =>
    ofService<number, Check<unknown, World>[]>({
      ...texts,
      id,
      requires,
      async run({ send }) {
        await send(request);
        return pass('', 1);
      },
    });
  const first = one('a.first', []);
  const second = one('a.second', [first]);
  return [first, second, ...many(7).map((name) => one(`b.${name}`, [second]))];
}

describe('places', () => {
  it.each([1, 3, 8])(
    '%i places: no more requests are under way, whatever a check sends at once',
    async (concurrency) => {
      const { seen, request } = wire();
      const burst = ofService({
        ...texts,
        id: 'a.burst',
        async run({ send }: World) {
          await Promise.all(many(16).map(() => send(request)));
          return pass('');
        },
      });
      const watcher = ofDeployment({
        ...texts,
        id: 'a.watcher',
        background: true,
        async run({ send }: World) {
          await send(request);
          await seen.clock.sleep(100, never);
          await send(request);
          return pass('');
        },
      });
      const results = await run([watcher, burst], { services: many(4), clock: seen.clock, concurrency });
      expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['pass']));
      expect(seen).toMatchObject({ most: concurrency, sent: 66 });
    },
  );

  it('all are in use: many services take hardly longer than their requests must', async () => {
    const { seen, request } = wire();
    await run(chain(request), { services: many(100), clock: seen.clock, concurrency: 8 });
    expect(seen).toMatchObject({ most: 8, sent: 900 });
    expect(seen.clock.now() / ((900 * 50) / 8)).toBeLessThan(1.05);
  });

  it('what requests wait for a place is not taken off the time of their check', async () => {
    const { seen, request } = wire(fakeClock(), 400);
    const slow = ofService({
      ...texts,
      id: 'a.slow',
      timeoutMs: 1_000,
      async run({ send }: World) {
        await Promise.all([send(request), send(request), send(request)]);
        return pass('');
      },
    });
    const results = await run([slow], { services: many(3), clock: seen.clock, concurrency: 2 });
    expect(results.map(({ status }) => status)).toEqual(['pass', 'pass', 'pass']);
    expect(Math.max(...results.map(({ duration_ms }) => duration_ms))).toBeGreaterThan(1_000);
  });

  it('a check that has ended sends nothing more', async () => {
    const { seen, request } = wire();
    let refused = 0;
    const deaf = ofDeployment({
      ...texts,
      id: 'a.deaf',
      timeoutMs: 100,
      async run({ send }: World) {
        await send(request);
        await send(request);
        await seen.clock.sleep(1_000, never);
        await send(request).catch(() => ++refused);
        return pass('');
      },
    });
    await run([deaf], { clock: seen.clock });
    await seen.clock.sleep(10_000, never);
    expect(seen.sent).toBe(2);
    expect(refused).toBe(1);
  });
});

describe('services', () => {
  it('are begun in turn, as many at once as there are places', async () => {
    const { seen, request } = wire();
    const begun = new Set<string | null>();
    let ended = 0;
    let most = 0;
    await run(chain(request), {
      services: many(40),
      clock: seen.clock,
      concurrency: 4,
      observe(event) {
        if (event.kind === 'started') begun.add(event.service);
        if (event.kind === 'examined') expect(event.done).toBe(++ended);
        most = Math.max(most, begun.size - ended);
      },
    });
    expect(ended).toBe(40);
    expect(most).toBe(4);
  });

  it('leave their facts behind when they are done, while the run goes on', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { seen, request } = wire();
    const kept: WeakRef<object>[] = [];
    let alive = 0;
    const read = ofService({
      ...texts,
      id: 'a.read',
      async run({ send }: World) {
        await send(request);
        const facts = { text: 'x'.repeat(1_000) };
        kept.push(new WeakRef(facts));
        return pass('', facts);
      },
    });
    const use = ofService({ ...texts, id: 'a.use', requires: [read], run: async () => pass('') });
    const last = ofDeployment({
      ...texts,
      id: 'a.last',
      background: true,
      async run() {
        await seen.clock.sleep(10_000, never);
        collect();
        alive = kept.filter((each) => each.deref() !== undefined).length;
        return pass('');
      },
    });
    await run([last, read, use], { services: many(50), clock: seen.clock });
    expect(kept).toHaveLength(50);
    expect(alive).toBe(0);
  });

  it('that wait to become true, or are only watched, hold up no other', async () => {
    const clock = fakeClock();
    const settling = ofService({
      ...texts,
      id: 'a.settling',
      settles: true,
      run: async ({ service }: World) =>
        clock.now() < 5_000 && service !== 'service-9' ? found(FAULT) : pass(''),
    });
    const watching = ofService({
      ...texts,
      id: 'a.watching',
      background: true,
      timeoutMs: 60_000,
      async run() {
        await clock.sleep(30_000, never);
        return pass('');
      },
    });
    const results = await run([settling, watching], {
      clock,
      services: many(10),
      concurrency: 2,
      waitMs: 60_000,
    });
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['pass']));
    expect(results.find(({ service }) => service === 'service-9')).toMatchObject({ started_ms: 0 });
    expect(clock.now()).toBe(30_000);
  });

  it('come to the same, in the same order, however often they are examined', async () => {
    const once = async () => {
      const { seen, request } = wire();
      const services = many(20);
      return JSON.stringify(await run(chain(request), { services, clock: seen.clock, concurrency: 3 }));
    };
    expect(await once()).toBe(await once());
  });
});

describe('an end before its time', () => {
  const ids = (results: Awaited<ReturnType<typeof run>>) =>
    results.map(({ service, id, status, findings }) =>
      [service ?? '', id, status, ...findings.map(({ code }) => code)].join(' ').trim(),
    );

  it('interrupted: what was done stays, and what was not is unknown, whatever it waited for', async () => {
    const interruption = new AbortController();
    const bad = check('a.bad', async () => found(FAULT));
    const blocked = green('a.blocked', { requires: [bad] });
    const read = ofService({
      ...texts,
      id: 'b.read',
      async run({ service }: World) {
        if (service !== 'service-1') return pass('', 1);
        interruption.abort();
        return new Promise<never>(() => undefined);
      },
    });
    const use = ofService({ ...texts, id: 'b.use', requires: [read], run: async () => pass('') });
    const results = await run([bad, blocked, read, use], {
      services: many(3),
      concurrency: 1,
      signal: interruption.signal,
    });
    expect(ids(results)).toEqual([
      'a.bad fail SECRET_MISSING',
      'a.blocked skip',
      'service-0 b.read pass',
      'service-0 b.use pass',
      'service-1 b.read unknown INTERRUPTED',
      'service-1 b.use unknown INTERRUPTED',
      'service-2 b.read unknown INTERRUPTED',
      'service-2 b.use unknown INTERRUPTED',
    ]);
    expect(results[6]).toMatchObject({ started_ms: null, attempts: [] });
  });

  it('at the deadline: what hangs blocks what waits for it, what never began is unknown', async () => {
    const hang = ofService({
      ...texts,
      id: 'b.hang',
      timeoutMs: 99_000,
      run: () => new Promise<never>(() => undefined),
    });
    const after = ofService({ ...texts, id: 'b.after', requires: [hang], run: async () => pass('') });
    const results = await run([hang, after], { services: many(2), concurrency: 1, deadlineMs: 2_000 });
    expect(ids(results)).toEqual([
      'service-0 b.hang unknown DEADLINE_PASSED',
      'service-0 b.after skip',
      'service-1 b.hang unknown DEADLINE_PASSED',
      'service-1 b.after unknown DEADLINE_PASSED',
    ]);
  });

  it('while it waits for what may become true: the last answer stands', async () => {
    const interruption = new AbortController();
    const clock = fakeClock();
    const red = check('a.red', async () => found(FAULT), { settles: true });
    clock.sleep(2_500, never).then(() => interruption.abort());
    const [result] = await run([red], { clock, waitMs: 60_000, signal: interruption.signal });
    expect(result).toMatchObject({ status: 'fail' });
    expect(result?.attempts).toHaveLength(3);
  });
});
