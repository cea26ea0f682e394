import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compare } from '../../src/doctor/comparison.js';
import { jsonReport } from '../../src/doctor/reports/json.js';
import type { CheckResult, Trouble } from '../../src/doctor/result.js';
import { readPrevious } from '../../src/operations/doctor-compare.js';
import { filePaper } from '../../src/render/doctor.js';
import { deploy, runDoctor } from './deployment.js';
import { blocked, passed, red, skipped } from './results.js';

const THEN = '2026-06-15T12:00:00.000Z';

function lists(then: CheckResult[], now: CheckResult[]) {
  const made = compare({ started_at: THEN, results: then }, now);
  const names = (troubles: Trouble[]) =>
    troubles.map(({ id, service, code }) => `${service ?? '-'} ${id} ${code}`);
  return {
    new: names(made.new),
    fixed: names(made.fixed),
    still: names(made.still),
    unexamined: names(made.unexamined),
  };
}

describe('a comparison', () => {
  it('tells what is new, what is fixed and what is still there, by check, service and code', () => {
    expect(
      lists(
        [red('a.x', 'ONE', 'TWO'), red('asr/b.y', 'ONE'), passed('nmt/b.y')],
        [red('a.x', 'TWO', 'TWO', 'warn:THREE'), passed('asr/b.y'), red('nmt/b.y', 'ONE')],
      ),
    ).toEqual({
      new: ['- a.x THREE', 'nmt b.y ONE'],
      fixed: ['- a.x ONE', 'asr b.y ONE'],
      still: ['- a.x TWO'],
      unexamined: [],
    });
  });

  it.each([
    ['left out', [skipped('a.x')]],
    ['blocked', [blocked('a.x', 'a.w')]],
    ['of a service that this run does not examine', [passed('asr/a.x')]],
    ['retired', []],
    ['cut off', [red('a.x', 'unknown:DEADLINE_PASSED')]],
  ])('does not call fixed what is %s', (_, now) => {
    expect(lists([red('a.x', 'ONE')], now)).toMatchObject({ fixed: [], unexamined: ['- a.x ONE'] });
  });
});

describe('a run with --compare', () => {
  it('tells what is new since the report of an earlier run, and fails on that alone with --fail-on new', async () => {
    const deployment = await deploy({ env: { SERVICE_ID: undefined } });
    const { folder, input, env } = deployment;
    const before = await runDoctor(deployment);
    input.compare = join(folder, 'before.json');
    await writeFile(input.compare, jsonReport(before, filePaper({ ascii: false, brief: false })));
    const still = { id: 'env.service-id', service: null, code: 'SERVICE_ID_MISSING', level: 'fail' };

    const same = await runDoctor(deployment);
    expect(same.comparison).toEqual({
      ...{ previous: before.started_at, new: [], fixed: [], still: [still], unexamined: [], lost: [] },
    });
    expect(same).toMatchObject({ verdict: 'fail', exit: 1 });

    input.failOn = 'new';
    expect(await runDoctor(deployment)).toMatchObject({ verdict: 'fail', exit: 0, fail_on: 'new' });

    env.JWT_SECRET = 'changeme';
    const worse = await runDoctor(deployment);
    await deployment.close();
    expect(worse.comparison?.new).toMatchObject([{ id: 'env.jwt-secret', code: 'SECRET_WEAK' }]);
    expect(worse.exit).toBe(1);
  });

  it('is refused where --fail-on new has nothing to compare with', async () => {
    const deployment = await deploy({ input: { failOn: 'new' } });
    await expect(runDoctor(deployment)).rejects.toMatchObject({ code: 'USAGE' });
    await deployment.close();
  });
});

describe('the earlier report', () => {
  it.each([
    ['{', 'JSON'],
    ['[]', 'schemaVersion'],
    ['{"schemaVersion":2,"tool":{"name":"regctl"}}', 'schemaVersion'],
    ['{"schemaVersion":1,"tool":{"name":"regctl"},"started_at":"now","results":[]}', 'started_at'],
    [
      JSON.stringify({ schemaVersion: 1, tool: { name: 'regctl' }, started_at: THEN, results: [{ id: 1 }] }),
      'results.0.id',
    ],
  ])('is refused where it is none: %s', async (text, expected) => {
    const folder = await mkdtemp(join(tmpdir(), 'regctl-compare-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'before.json');
    await writeFile(path, text);
    await expect(readPrevious(path)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(expected),
    });
  });

  it('is refused where there is no such file', async () => {
    await expect(readPrevious('/nowhere/before.json')).rejects.toMatchObject({ code: 'USAGE' });
  });
});
