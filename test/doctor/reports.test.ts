import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { finding } from '../../src/doctor/findings.js';
import { report } from '../../src/doctor/report.js';
import { jsonReport } from '../../src/doctor/reports/json.js';
import type { ReportPaper } from '../../src/doctor/reports/paper.js';
import { prettyReport } from '../../src/doctor/reports/pretty.js';
import type { CheckResult, Report } from '../../src/doctor/result.js';
import { writeReport } from '../../src/doctor/write-report.js';
import { PLAIN } from '../../src/render/style.js';
import { clean, safeJson } from '../../src/render/text.js';

const base: CheckResult = {
  id: 'a.one',
  title: 'One holds',
  category: 'a',
  service: null,
  status: 'pass',
  seen: 'all of it',
  findings: [],
  waived: [],
  skip: null,
  started_ms: 3,
  duration_ms: 12,
  attempts: [{ status: 'pass', codes: [], duration_ms: 12 }],
};
const passed = base;
const failed: CheckResult = {
  ...base,
  id: 'a.two',
  title: 'Two holds',
  status: 'fail',
  seen: null,
  findings: [finding('SECRET_MISSING', {})],
};
const warned: CheckResult = {
  ...base,
  id: 'a.three',
  status: 'warn',
  seen: null,
  findings: [finding('REGISTRY_URL_DEFAULT', { url: 'http://r' })],
};
const unknown: CheckResult = {
  ...base,
  id: 'a.four',
  status: 'unknown',
  seen: null,
  findings: [finding('CHECK_CRASHED', { id: 'a.four', cause: 'boom' })],
};
const blocked: CheckResult = {
  ...base,
  id: 'b.five',
  category: 'b',
  service: 'asr-service',
  status: 'skip',
  seen: null,
  skip: { kind: 'blocked', by: 'a.two', why: 'JWT_SECRET is not set' },
};

function reportOf(results: CheckResult[], failOn: 'warn' | 'fail' = 'fail'): Report {
  return report(results, {
    version: '1.2.3',
    startedAt: new Date(0),
    durationMs: 1_234,
    registry: { url: 'http://r:8082', origin: 'REGISTRY_URL (environment)', api: 'coordinator' },
    services: ['asr-service'],
    failOn,
  });
}

const paper: ReportPaper = {
  style: PLAIN,
  clean,
  json: safeJson,
  ascii: false,
  brief: false,
  wide: false,
  width: Number.POSITIVE_INFINITY,
};

describe('the verdict', () => {
  it.each([
    ['pass', 0, 0, [passed]],
    ['warn', 0, 1, [passed, warned]],
    ['fail', 1, 1, [passed, failed, unknown, warned]],
    ['unknown', 3, 3, [passed, unknown]],
    ['unknown', 3, 1, [warned, unknown]],
    ['unknown', 3, 3, [blocked]],
    ['unknown', 3, 3, []],
  ] as const)('%s: exit %d, with --fail-on warn %d', (verdict, exit, strict, results) => {
    expect(reportOf([...results])).toMatchObject({ verdict, exit });
    expect(reportOf([...results], 'warn').exit).toBe(strict);
  });

  it('names first what blocks most', () => {
    const by = (id: string): CheckResult => ({ ...blocked, skip: { kind: 'blocked', by: id, why: '' } });
    expect(reportOf([failed, unknown, by('a.four'), by('a.two'), by('a.two')]).causes).toEqual([
      { id: 'a.two', service: null, blocks: 2 },
      { id: 'a.four', service: null, blocks: 1 },
    ]);
  });
});

describe('the pretty report', () => {
  it('has the cause first, a line a check, what to do under what is wrong, and the verdict last', () => {
    expect(prettyReport(reportOf([passed, failed, blocked]), paper)).toBe(
      [
        'Doctor: http://r:8082 (coordinator), asr-service',
        '',
        'First mend a.two, which blocks 1 check: JWT_SECRET is not set, so no token can be signed or checked.',
        '',
        'a',
        '  ✔ pass     a.one                            One holds (12 ms)',
        '  ✘ fail     a.two                            Two holds (12 ms)',
        '             Seen: JWT_SECRET is not set, so no token can be signed or checked. [SECRET_MISSING]',
        '             Do: Ask the Coordinator for it, and put it into the environment or .env; see `regctl context show --resolved`.',
        '             Try: test -n "$JWT_SECRET" && echo set',
        '',
        'asr-service: b',
        '  - skip     b.five (blocked by a.two)',
        '',
        'Begin with: a.two. Only what is not green: --brief.',
        '',
        'Verdict: fail, not integrated. 1 failed, 0 unknown, 0 warned, 1 passed, 1 skipped in 1.2 s; exit 1.',
      ].join('\n'),
    );
  });

  it('shows with --brief only what is not green', () => {
    const text = prettyReport(reportOf([passed, warned, failed]), { ...paper, brief: true });
    expect(text).not.toContain('a.one');
    expect(text).toContain('! warn     a.three');
  });

  it('counts with --brief what is blocked, and does not list it', () => {
    const lines = prettyReport(reportOf([failed, blocked, { ...blocked, id: 'b.six' }]), {
      ...paper,
      brief: true,
    }).split('\n');
    expect(lines.slice(-3)).toEqual([
      '  - skip     2 checks (blocked by a.two)',
      '',
      expect.stringMatching(/^Verdict: fail/),
    ]);
  });

  it('names a category as a whole where all of it is skipped for one reason', () => {
    const skip = { kind: 'not-applicable', why: 'no code is given' } as const;
    const none = (id: string): CheckResult => ({ ...blocked, id, category: id.slice(0, 1), skip });
    const text = prettyReport(reportOf([passed, none('c.one'), none('c.two'), none('d.one')]), paper);
    expect(text).toContain('\n  - skip     c.*, d.one (not-applicable: no code is given)\n');
  });

  it('is no wider than a narrow terminal, but for the command to paste', () => {
    const waiting = Array.from({ length: 3 }, (_, nth) => ({ ...blocked, id: `b.number-${nth}` }));
    for (const brief of [true, false]) {
      const text = prettyReport(reportOf([passed, failed, warned, ...waiting]), {
        ...paper,
        brief,
        width: 48,
      });
      const wide = text.split('\n').filter((line) => line.length > 48 && !line.includes('Try:'));
      expect(wide.filter((line) => !line.startsWith('Doctor: '))).toEqual([]);
    }
  });

  it('does without anything but ASCII, and without colour', () => {
    const text = prettyReport(reportOf([passed, failed, unknown, warned, blocked]), {
      ...paper,
      ascii: true,
    });
    expect(text).toMatch(/^[\n -~]*$/);
    for (const sign of ['+ pass', 'x fail', '? unknown', '! warn', '- skip']) expect(text).toContain(sign);
  });

  it('never lets what came from the network steer the terminal', () => {
    const evil = '\u001b]0;owned\u0007\u001b[2J\u202e';
    const hostile = {
      ...failed,
      service: evil,
      findings: [{ ...finding('SECRET_MISSING', {}), seen: evil }],
    };
    expect(prettyReport(reportOf([hostile]), paper)).toMatch(/^[^\u0000-\u0009\u000b-\u001f\u007f\u202e]*$/);
  });

  it('wraps to the width of the terminal, but not the command to paste', () => {
    const lines = prettyReport(
      reportOf([failed, { ...blocked, skip: { kind: 'blocked', by: 'a.two', why: '' } }]),
      {
        ...paper,
        width: 70,
      },
    ).split('\n');
    const indented = lines.filter((line) => line.startsWith('   ') && !line.includes('Try:'));
    expect(Math.max(...indented.map((line) => line.length))).toBeLessThanOrEqual(70);
  });
});

describe('the JSON report', () => {
  it('is one document with every check in it', () => {
    const document = JSON.parse(jsonReport(reportOf([passed, blocked]), paper));
    expect(document).toMatchObject({ schemaVersion: 1, verdict: 'unknown', summary: { pass: 1, skip: 1 } });
    expect(document.results[1]).toEqual(blocked);
  });
});

describe('a report file', () => {
  it('is written whole or not at all', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'regctl-report-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'report.json');
    await writeReport(path, 'old');
    await writeReport(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    await expect(writeReport(join(folder, 'missing', 'report.json'), 'x')).rejects.toMatchObject({
      code: 'USAGE',
    });
    expect(await readdir(folder)).toEqual(['report.json']);
  });
});

it.each([
  finding('REGISTRY_SILENT', { url: 'http://r:8082/health', seen: 'No answer' }),
  finding('REGISTRY_CONNECT_TIMEOUT', { url: 'http://r:8082/health', seen: 'No answer' }),
  finding('URL_UNREACHABLE', { instance: 'asr-1', url: 'http://asr:8090', seen: 'No answer' }),
])('the command to paste for $code ends also where nothing answers', ({ reproduce }) => {
  expect(reproduce).toContain('--max-time 5 ');
});
