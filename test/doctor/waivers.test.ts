import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CheckResult, Waiver } from '../../src/doctor/result.js';
import { applyWaivers } from '../../src/doctor/waivers.js';
import { readWaivers } from '../../src/operations/doctor-waivers.js';
import { deploy, runDoctor, SERVICE } from './deployment.js';
import { passed, red, skipped } from './results.js';

const TODAY = Date.parse('2026-06-15T23:59:59Z');

function waiver(more: Partial<Waiver>): Waiver {
  const anyone = { owner: 'platform', reason: 'OPS-1', expires: '2026-06-15' };
  return { id: '*', code: null, target: null, ...anyone, ...more };
}

function apply(results: CheckResult[], waivers: Partial<Waiver>[], complete = false) {
  const all = [skipped('doctor.waivers', 'not-applicable'), ...results];
  return applyWaivers(all, waivers.map(waiver), { file: 'w.yaml', now: TODAY, complete });
}

/** What is left of the first result, and the states of the waivers. */
function outcome(results: CheckResult[], waivers: Partial<Waiver>[], complete = false) {
  const after = apply(results, waivers, complete);
  const [, first] = after.results;
  const codes = first?.findings.map(({ code }) => code).join(' ');
  return [first?.status, codes, ...after.waivers.map(({ state }) => state)].filter(Boolean).join(', ');
}

describe('a waiver', () => {
  it('turns what it waives into a skip that says why, who and until when, and keeps the evidence', () => {
    const { results, waivers } = apply([red('asr/url.form', 'URL_RAW_IP')], [{ id: 'url.*' }]);
    expect(results[1]).toMatchObject({
      status: 'skip',
      findings: [],
      waived: [{ code: 'URL_RAW_IP', seen: 'URL_RAW_IP was seen' }],
      skip: { kind: 'waived', why: 'URL_RAW_IP, by platform until 2026-06-15: OPS-1' },
    });
    expect(waivers[0]).toMatchObject({
      state: 'used',
      waives: [{ id: 'url.form', service: 'asr', code: 'URL_RAW_IP', level: 'fail' }],
    });
  });

  it.each<[string, CheckResult, Partial<Waiver>, string]>([
    ['of one code leaves the others red', red('a.x', 'ONE', 'TWO'), { code: 'ONE' }, 'fail, TWO, used'],
    ['leaves a warning a warning', red('a.x', 'ONE', 'warn:TWO'), { code: 'ONE' }, 'warn, TWO, used'],
    ['waives what is unknown', red('a.x', 'unknown:ONE'), {}, 'skip, used'],
    ['takes globs over codes', red('a.x', 'ONE', 'ONCE'), { code: 'ON*' }, 'skip, used'],
    ['is about ids it names', red('a.x', 'ONE'), { id: 'a.y*' }, 'fail, ONE, unmatched'],
    ['is about services it names', red('asr/a.x', 'ONE'), { target: 'as?' }, 'skip, used'],
    ['is about no other service', red('asr/a.x', 'ONE'), { target: 'nmt' }, 'fail, ONE, unexamined'],
    ['names the deployment as such', red('a.x', 'ONE'), { target: 'deployment' }, 'skip, used'],
    ['leaves a pass a pass', passed('a.x'), { id: 'a.x' }, 'pass, unmatched'],
    ['holds on its last day, in UTC', red('a.x', 'ONE'), { expires: '2026-06-15' }, 'skip, used'],
    ['is unmatched where its check does not apply', skipped('a.x', 'not-applicable'), {}, 'skip, unmatched'],
    ['is unmatched where there is no such check', passed('a.x'), { id: 'b.*' }, 'pass, unmatched'],
    ['holds no longer', red('a.x', 'ONE'), { expires: '2026-06-14' }, 'fail, ONE, expired'],
    ['is not unmatched where its check did not run', skipped('a.x'), { id: 'a.x' }, 'skip, unexamined'],
    [
      'is not unmatched where nobody could tell',
      red('a.x', 'unknown:ONE'),
      { id: 'a.x', code: 'TWO' },
      'unknown, ONE, unexamined',
    ],
  ])('%s', (_, result, entry, expected) => {
    expect(outcome([result], [entry])).toBe(expected);
  });

  it('of a service that is gone is unmatched where every service was examined', () => {
    expect(outcome([red('asr/a.x', 'ONE')], [{ target: 'nmt' }], true)).toBe('fail, ONE, unmatched');
  });

  it('that is over, or waives nothing, is a warning, which no waiver waives', () => {
    const { results } = apply([passed('a.x')], [{ id: 'a.*' }, { id: 'doctor.*', expires: '2020-01-01' }]);
    expect(results[0]).toMatchObject({ status: 'warn', skip: null });
    expect(results[0]?.findings.map(({ code, seen }) => [code, seen])).toEqual([
      [
        'WAIVER_UNMATCHED',
        'the waiver of a.* waives nothing: all it is about was examined; platform answers for it',
      ],
      ['WAIVER_EXPIRED', 'the waiver of doctor.* held until 2020-01-01; platform answers for it'],
    ]);
  });

  it('says nothing of waivers where the check of them is left out', () => {
    const result = skipped('doctor.waivers');
    expect(applyWaivers([result], [waiver({})], { file: 'w', now: TODAY, complete: false }).results).toEqual([
      result,
    ]);
  });
});

describe('a run with waivers', () => {
  it('is green but for what is not waived', async () => {
    const deployment = await deploy({ behaviour: 'accepts-any-token' });
    deployment.input.waivers = join(deployment.folder, 'waivers.yaml');
    const lines = ['waivers:', '  - id: message.*', `    target: ${SERVICE}`, '    code: TOKEN_ACCEPTED'];
    const more = ['    owner: platform', '    reason: OPS-1', '    expires: 9999-12-31'];
    await writeFile(deployment.input.waivers, [...lines, ...more].join('\n'));
    const report = await runDoctor(deployment);
    await deployment.close();
    expect(report).toMatchObject({ verdict: 'pass', exit: 0, waivers: [{ state: 'used' }] });
    expect(report.results.filter(({ skip }) => skip?.kind === 'waived').length).toBeGreaterThan(3);
  });

  it('is not green where what is waived keeps other checks from running', async () => {
    const deployment = await deploy({ register: false });
    deployment.input.waivers = join(deployment.folder, 'waivers.yaml');
    const entry = { id: 'registration.present', owner: 'p', reason: 'r', expires: '9999-12-31' };
    await writeFile(deployment.input.waivers, JSON.stringify({ waivers: [entry] }));
    const report = await runDoctor(deployment);
    await deployment.close();
    expect(report).toMatchObject({ verdict: 'unknown', exit: 3, summary: { fail: 0, unknown: 0 } });
    expect(report.causes[0]).toMatchObject({ id: 'registration.present' });
  });
});

describe('a file of waivers', () => {
  const GOOD = 'waivers:\n  - id: a.*\n    owner: me\n    reason: so\n    expires: 2026-12-31\n';

  const read = (text: string) => readWaivers('w.yaml', { readText: async () => text });

  it('may be YAML or JSON', async () => {
    const expected = [
      { id: 'a.*', code: null, target: null, owner: 'me', reason: 'so', expires: '2026-12-31' },
    ];
    expect(await read(GOOD)).toEqual(expected);
    expect(
      await read(JSON.stringify({ waivers: expected.map(({ code, target, ...rest }) => rest) })),
    ).toEqual(expected);
    expect(await read('waivers: []')).toEqual([]);
  });

  it.each([
    ['', 'must hold "waivers:", a list'],
    ['- id: a', 'line 1: waivers is missing'],
    ['waiver: []', 'line 1: waivers is missing'],
    ['waivers: all', 'line 1: waivers must be a list'],
    [`${GOOD}    until: 1\n`, 'line 6: "until" is no key of it (id, code, target, owner, reason, expires)'],
    [GOOD.replace('    owner: me\n', ''), 'line 2: owner is missing'],
    [GOOD.replace('me', '" "'), 'line 3: owner must not be empty'],
    [GOOD.replace('2026-12-31', '2026-02-30'), 'line 5: expires must be a day such as 2026-12-31'],
    [GOOD.replace('2026-12-31', '20261231'), 'line 5: expires must be text'],
    [GOOD.replace('me', '[1'), 'is neither YAML nor JSON'],
    [`${GOOD}    owner: you\n`, 'Map keys must be unique at line 6'],
    [`a: &a [x, x]\nb: &b [${'*a, '.repeat(99)}]\nc: [${'*b, '.repeat(99)}]\n`, 'alias'],
  ])('is refused with the line of what is wrong: %j', async (text, expected) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(expected),
    });
  });

  it('is refused before anything is examined', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'regctl-waivers-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const deployment = await deploy({ input: { waivers: join(folder, 'missing.yaml') } });
    await expect(runDoctor(deployment)).rejects.toMatchObject({ code: 'USAGE' });
    await deployment.close();
    expect(deployment.registry.requests).toEqual([]);
  });
});
