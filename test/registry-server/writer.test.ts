// The writer over a store that other replicas write to as well: an embedded one, with what was missed put in by the test.
import { describe, expect, onTestFinished, test } from 'vitest';
import { Directory } from '../../src/registry-server/directory.js';
import { planRegistration } from '../../src/registry-server/plan.js';
import type { Registration, Tombstone } from '../../src/registry-server/registration.js';
import { DEFAULT_TIMINGS, moment, SYSTEM_CLOCK } from '../../src/registry-server/settings.js';
import { EmbeddedStore } from '../../src/registry-server/store/embedded.js';
import { type Missed, NOTHING_MISSED, type Store, Undecided } from '../../src/registry-server/store/store.js';
import { Writer } from '../../src/registry-server/writer.js';

const CALLER = { serviceId: null, address: '127.0.0.1' };

async function start(broken: Partial<Store> = {}) {
  const real = await EmbeddedStore.open(':memory:');
  onTestFinished(() => real.close());
  let missed: Missed = NOTHING_MISSED;
  const take = (): Missed => {
    const taken = missed;
    missed = NOTHING_MISSED;
    return taken;
  };
  const store: Store = {
    load: () => real.load(),
    commit: (prepare) => real.commit(() => prepare(take())),
    catchUp: async () => take(),
    forgetBefore: (limit) => real.forgetBefore(limit),
    probe: () => real.probe(),
    audit: (query) => real.audit(query),
    close: () => real.close(),
    ...broken,
  };
  const directory = new Directory(DEFAULT_TIMINGS, Math.random, SYSTEM_CLOCK.now());
  const writer = new Writer(store, directory, SYSTEM_CLOCK, { info: () => {}, error: () => {} });
  onTestFinished(() => writer.close());
  return {
    directory,
    writer,
    real,
    /** Others commit this. */
    miss(change: Partial<Missed>) {
      missed = { ...NOTHING_MISSED, ...change };
    },
    register(id: string): Promise<Registration> {
      const request = {
        service: 'asr',
        id,
        url: 'http://asr:8000',
        healthUrl: null,
        metadata: {},
        serviceId: null,
      };
      return writer.submit((view) =>
        planRegistration(view, request, CALLER, new Date().toISOString(), () => ''),
      );
    },
    beat(id: string) {
      const instance = directory.catalog.instance('asr', id);
      if (instance === undefined) throw new Error(`${id} is not registered`);
      writer.record(directory.beat(instance, moment(SYSTEM_CLOCK)));
    },
    state: (id: string) => directory.catalog.find('asr', id)?.state,
  };
}

const buried = ({ service, id, incarnation }: Registration, revision: number): Tombstone => {
  return { service, id, incarnation, revision, owner: null, removedAt: new Date().toISOString() };
};

test('what came during a commit is on its way to the disk before those of that commit are answered', async () => {
  const seen: string[] = [];
  const started = await start({
    async commit(prepare) {
      seen.push('commit');
      if (seen.length === 1) void started.register('two').then(() => seen.push('two'));
      await started.real.commit(() => prepare(NOTHING_MISSED));
    },
  });
  await started.register('one').then(() => seen.push('one'));
  expect(seen).toEqual(['commit', 'commit', 'one']);
});

test('what an instance goes through while a commit is under way comes after it in the audit trail', async () => {
  let meanwhile = (): void => undefined;
  const { register, beat, writer, real } = await start({
    async commit(prepare) {
      await real.commit(() => prepare(NOTHING_MISSED));
      meanwhile();
    },
  });
  await register('one');
  meanwhile = () => {
    meanwhile = () => undefined;
    beat('one');
  };
  const two = await register('two');
  const three = await register('three');
  await writer.close();
  const trail = await real.audit({ limit: 10 });
  expect(trail.map(({ instance_id, cause }) => `${instance_id} ${cause}`)).toContain('one heartbeat');
  const revisions = trail.map(({ revision }) => revision);
  expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
  expect(three.revision).toBeGreaterThan(two.revision);
});

describe('what others committed', () => {
  test('is planned upon: incarnations and revisions go on where theirs ended', async () => {
    const { register, miss } = await start();
    const first = await register('one');
    miss({ puts: [{ ...first, incarnation: 7, revision: 40 }] });
    const second = await register('one');
    expect(second.incarnation).toBe(8);
    expect(second.revision).toBeGreaterThan(40);
  });

  test('does not undo a transition that waits here, which comes after it in the audit trail', async () => {
    const { register, beat, miss, state, writer, real } = await start();
    const one = await register('one');
    const two = await register('two');
    miss({
      puts: [
        { ...one, revision: 40 },
        { ...two, url: 'http://moved:8000', incarnation: 2, revision: 41 },
      ],
    });
    beat('one');
    beat('one');
    await writer.catchUp();
    expect(state('one')).toBe('healthy');
    await writer.close();
    const { registrations } = await real.load();
    expect(registrations.find(({ id }) => id === 'one')).toMatchObject({ state: 'healthy', beats: true });
    const trail = await real.audit({ limit: 10 });
    expect(trail.map(({ cause }) => cause)).toEqual(['registered', 'registered', 'heartbeat']);
    expect(trail[2]?.revision).toBeGreaterThan(41);
    // And nothing that is planned later falls behind it.
    const third = await register('three');
    expect(third.revision).toBeGreaterThan(trail[2]?.revision ?? Number.POSITIVE_INFINITY);
  });

  test('removes an instance also where a transition of it waits here, which brings nobody back', async () => {
    const { register, beat, miss, state, writer, real } = await start();
    const one = await register('one');
    miss({ removes: [buried(one, 40)] });
    beat('one');
    await writer.close();
    expect(state('one')).toBeUndefined();
    const put = (await real.load()).registrations.filter(({ state }) => state === 'healthy');
    expect(put).toEqual([]);
    expect(await register('one')).toMatchObject({ incarnation: 2 });
    // Told after its removal, its heartbeat would read as if it had come back.
    const trail = await real.audit({ limit: 10 });
    expect(trail.map(({ cause }) => cause)).toEqual(['registered', 'registered']);
  });

  test('is not known where it cannot be asked, and that is said to who waits for it', async () => {
    const { writer } = await start({ catchUp: () => Promise.reject(new Error('no answer')) });
    await expect(writer.catchUp()).rejects.toThrow('no answer');
  });
});

test('where nobody knows whether a change was stored, that is what is answered', async () => {
  const { register, state } = await start({
    commit: () => Promise.reject(new Undecided('the line was cut')),
  });
  await expect(register('one')).rejects.toThrow(
    'It is not known whether the registry stored this change: the line was cut. Ask again.',
  );
  expect(state('one')).toBeUndefined();
});

test('who asks again right after an answer is never left waiting', async () => {
  const { register } = await start();
  for (let turns = 0; turns < 12; turns += 1) {
    await register('one');
    // The end of the former round of writing is so many turns of the microtask queue away.
    for (let turn = 0; turn < turns; turn += 1) await undefined;
    await register('one');
  }
});
