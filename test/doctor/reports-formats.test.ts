// Markdown, workflow commands and SARIF: what GitHub shows of a run.
import { describe, expect, it } from 'vitest';
import { githubAnnotations } from '../../src/doctor/reports/github.js';
import { markdownReport } from '../../src/doctor/reports/markdown.js';
import { prettyReport } from '../../src/doctor/reports/pretty.js';
import { sarifReport } from '../../src/doctor/reports/sarif.js';
import type { Report } from '../../src/doctor/result.js';
import { blocked, filesPaper, greenResults, redReport, reportOf, turned } from '../support/sample-report.js';

const green = reportOf(greenResults());
const red = redReport();

const unchanged = {
  previous: '2026-03-03T03:12:00.000Z',
  new: [],
  fixed: [],
  still: [],
  unexamined: [],
  lost: [],
};

/** A report with `seen` in place of what a failed check saw, at a service of that name. */
function quoting(seen: string, path = 'a.py'): Report {
  const location = { path, line: 1, column: 2 };
  const results = turned(greenResults([seen]), { id: 'health.endpoint' }, 'SECRET_MISSING', {}, { seen });
  return reportOf(turned(results, { id: 'env.file' }, 'SECRET_MISSING', {}, { seen, location }));
}

const log = (report: Report) => JSON.parse(sarifReport(report, filesPaper));
const run = (report: Report) => log(report).runs[0];

describe('the markdown report', () => {
  const text = (report: Report) => markdownReport(report, filesPaper);

  it('is two lines on green', () => {
    expect(text(green)).toMatch(
      /^## ✅ Doctor: all is well\n\nhttp\S+ \(config-service\), asr-service: 0 failed, .+ in 2\.8 s; exit 0\.$/,
    );
  });

  it('on red has the cause, a row for each thing that is wrong, and what to do, folded', () => {
    const page = text(red);
    expect(page).toContain('## ❌ Doctor: not integrated');
    expect(page).toMatch(
      /> \*\*First mend `env\.jwt-secret`\*\*, which blocks \d+ checks: JWT\\_SECRET is not set/,
    );
    const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| --- '));
    expect(rows).toHaveLength(1 + 4);
    expect(rows[1]).toMatch(/^\| ❌ fail \| `env\.jwt-secret` \|/);
    expect(page).toContain('services/asr/app.py:41');
    expect(page).toMatch(/<details><summary>What to do about each<\/summary>\n\n[\s\S]+\n\n<\/details>/);
    expect(page).toContain('\n```sh\ntest -n "$JWT_SECRET" && echo set\n```\n');
    expect(page).toContain(': blocked by env.jwt-secret');
  });

  it('says what changed since an earlier run, and which waivers are of no use', () => {
    const trouble = { id: 'env.file', service: null, code: 'X', level: 'fail' } as const;
    const waiver = { id: 'a', code: null, target: null, owner: 'o', reason: 'r', expires: '2026-01-01' };
    const about = {
      comparison: { ...unchanged, new: [trouble, trouble], fixed: [trouble] },
      waivers: [
        { ...waiver, state: 'expired' as const, waives: [] },
        { ...waiver, state: 'used' as const, waives: [trouble] },
      ],
    };
    const told = 'ince 2026-03-03 03:12 UTC: 2 new, 1 fixed; 2 waivers, 1 expired';
    expect(text(reportOf(greenResults(), about))).toContain(`\n\nS${told}.`);
    expect(prettyReport(reportOf(greenResults(), about), filesPaper)).toContain(` s${told}; exit 0.`);
  });

  it('names on a terminal what is new, failures first, and no more than are read', () => {
    const trouble = { id: 'a.one', service: 'asr-service', code: 'X', level: 'warn' } as const;
    const failure = { id: 'env.file', service: null, code: 'Y', level: 'fail' } as const;
    const named = (troubles: (typeof trouble | typeof failure)[]) =>
      prettyReport(
        reportOf(greenResults(), { comparison: { ...unchanged, new: troubles } }),
        filesPaper,
      ).split('\n\n');
    expect(named([trouble, failure])).toContain('New: env.file [Y], a.one of asr-service [X].');
    expect(named(Array(7).fill(failure)).find((part) => part.startsWith('New: '))).toMatch(/, and 2 more\.$/);
    expect(named([]).join()).not.toContain('New: ');
  });

  it('puts what came from the network in as text', () => {
    const page = text(
      quoting('a | b `c` <img src=x> @octocat #12 GH-3 **d** [e](http://f) \\| https://g www.h.io $x$ ~~y~~'),
    );
    expect(page).not.toMatch(/<img|@octocat|#12|GH-3|\*\*d|\[e\]\(|:\/\/|www\.h|(?<!\\)[$~](?=[xy~])/);
    // Each row has its four cells and no more.
    for (const row of page.split('\n').filter((line) => line.startsWith('| ')))
      expect(row.replaceAll('\\\\', '').replaceAll('\\|', '').split('|')).toHaveLength(6);
  });

  it('keeps a command with backticks in its block', () => {
    const results = turned(greenResults(), { id: 'env.file' }, 'SECRET_MISSING', {});
    const found = results.map((each) => ({
      ...each,
      findings: each.findings.map((finding) => ({ ...finding, reproduce: 'echo ```` x' })),
    }));
    expect(text(reportOf(found))).toContain('\n`````sh\necho ```` x\n`````\n');
  });

  it('fits into a comment, however much is wrong', () => {
    const seen = '|'.repeat(1_900);
    const results = greenResults().flatMap((each) =>
      Array.from({ length: 20 }, (_, index) => ({ ...each, id: `${each.id}${index}` })),
    );
    const all = results.map(
      (each) => turned([each], { id: each.id }, 'SECRET_MISSING', {}, { seen })[0] ?? each,
    );
    const page = text(reportOf(all));
    expect(page.length).toBeLessThan(65_536);
    expect(page).toMatch(/\d+ more did not fit\./);
    expect(page.match(/<details>/g)?.length).toBe(page.match(/<\/details>/g)?.length);
  });
});

describe('the annotations of --report github', () => {
  const lines = (report: Report) => githubAnnotations(report, filesPaper);

  it('are none on green', () => {
    expect(lines(green)).toEqual([]);
  });

  it('are at the line of the code where there is one, what blocks most first', () => {
    const [first, second, third, last, ...rest] = lines(red);
    expect(first).toMatch(
      /^::error title=env\.jwt-secret \(SECRET_MISSING\)::JWT_SECRET is not set[^\n]+%0A[^\n]+%0AIt blocks \d+ checks: mend it first\.$/,
    );
    expect(second).toMatch(
      /^::error file=services\/asr\/app\.py,line=41,col=9,title=env\.service-vars \(SECRET_MISSING\)::a fixed address\./,
    );
    expect(third).toMatch(/^::error title=health\.endpoint \(CHECK_CRASHED\)::.+ \(nmt-service\)\.%0A/);
    expect(last).toMatch(/^::warning title=env\.registry-url/);
    expect(rest).toEqual([]);
  });

  it('are one line each, and no command of somebody else, whatever came from the network', () => {
    const found = lines(quoting('50%\r\n::error::x ##[error]y', 'a,b:c%\n.py'));
    expect(found).toHaveLength(2);
    for (const line of found) {
      expect(line).toMatch(/^::error [^\r\n]+$/);
      expect(line).toContain('50%25 ::error::x # #[error]y');
    }
    expect(found[0]).toContain('file=a%2Cb%3Ac%25%0A.py,line=1,');
  });

  it('are at most ten of a kind, and the last one says how many there are more', () => {
    const results = greenResults().map(
      (each) => turned([each], { id: each.id }, 'SECRET_MISSING', {})[0] ?? each,
    );
    const found = lines(reportOf(results));
    expect(found).toHaveLength(10);
    expect(found.at(-1)).toBe(
      `::error title=regctl doctor::${results.length - 9} more: see the job summary.`,
    );
  });

  it('are warnings where they do not count: with --fail-on new, what the earlier run had too', () => {
    const results = turned(greenResults(), { id: 'env.jwt-secret' }, 'SECRET_MISSING', {});
    const trouble = { id: 'env.jwt-secret', service: null, code: 'SECRET_MISSING', level: 'fail' } as const;
    const known = { ...unchanged, still: [trouble] };
    const fresh = { ...unchanged, new: [trouble] };
    expect(lines(reportOf(results, { failOn: 'new', comparison: known }))).toEqual([
      expect.stringMatching(/^::warning /),
    ]);
    expect(lines(reportOf(results, { failOn: 'new', comparison: fresh }))).toEqual([
      expect.stringMatching(/^::error /),
    ]);
  });

  it('are one for all services that share a failure', () => {
    const services = ['a-service', 'b-service', 'c-service', 'd-service'];
    const results = turned(greenResults(services), { id: 'health.endpoint' }, 'SECRET_MISSING', {});
    expect(lines(reportOf(results))).toEqual([expect.stringContaining('(4 services).')]);
  });
});

describe('the SARIF report', () => {
  it('has the required properties of SARIF 2.1.0, and no others', () => {
    const { $schema, version, runs, ...others } = log(red);
    expect({ version, others }).toEqual({ version: '2.1.0', others: {} });
    expect($schema).toMatch(/^https:\/\/docs\.oasis-open\.org\/sarif\/.*2\.1\.0/);
    expect(runs).toHaveLength(1);
    expect(runs[0].tool.driver).toMatchObject({ name: 'regctl doctor', semanticVersion: '1.2.3' });
    expect(runs[0].invocations).toEqual([
      {
        executionSuccessful: true,
        exitCode: 1,
        startTimeUtc: '2026-03-04T03:12:00.000Z',
        endTimeUtc: '2026-03-04T03:12:02.840Z',
      },
    ]);
    expect(run(green).results).toEqual([]);
  });

  it('has a rule with help for every result', () => {
    const { tool, results } = run(red);
    expect(results).toHaveLength(4);
    for (const { ruleId, ruleIndex, message } of results) {
      const rule = tool.driver.rules[ruleIndex];
      expect(rule.id).toBe(ruleId);
      for (const { text } of [rule.shortDescription, rule.fullDescription, rule.help, message])
        expect(text.length).toBeGreaterThan(10);
    }
  });

  it('has the line of the code where there is one, else the service', () => {
    const { results } = run(red);
    const placed = results.filter((each: { locations: object[] }) =>
      each.locations.some((place) => !('logicalLocations' in place)),
    );
    expect(placed).toHaveLength(1);
    expect(placed[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'services/asr/app.py', uriBaseId: '%SRCROOT%' },
      region: { startLine: 41, startColumn: 9 },
    });
    expect(run(quoting('x', '/a b/c#.py')).results[0].locations[0].physicalLocation.artifactLocation).toEqual(
      {
        uri: 'file:///a%20b/c%23.py',
      },
    );
    expect(results.at(-1).locations).toEqual([
      {
        physicalLocation: {
          artifactLocation: { uri: 'nmt-service', uriBaseId: '%SRCROOT%' },
          region: { startLine: 1 },
        },
        logicalLocations: [
          { name: 'nmt-service', fullyQualifiedName: 'nmt-service/health.endpoint', kind: 'resource' },
        ],
      },
    ]);
  });

  it('gives every result a file, without which GitHub refuses all of them', () => {
    const uris = run(red).results.map(
      (each: { locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }) =>
        each.locations[0]?.physicalLocation.artifactLocation.uri,
    );
    expect(new Set(uris)).toEqual(new Set(['deployment', 'services/asr/app.py', 'nmt-service']));
  });

  it('tells fail, warn and unknown apart, and a waived one from both', () => {
    const levels = run(red).results.map(
      (each: { level: string; kind: string }) => `${each.kind} ${each.level}`,
    );
    expect(levels.sort()).toEqual(['fail error', 'fail error', 'fail warning', 'open none']);
    const waived = red.results.map((each) => ({ ...each, findings: [], waived: each.findings }));
    for (const { suppressions } of run(reportOf(waived)).results)
      expect(suppressions).toEqual([{ kind: 'external', justification: 'waived' }]);
  });

  it('has fingerprints that stay while lines move and words vary, and differ from one another', () => {
    const prints = (report: Report) =>
      run(report).results.map((each: { partialFingerprints: object }) =>
        Object.values(each.partialFingerprints).join(),
      );
    const moved: Report = {
      ...red,
      results: red.results.map((each) => ({
        ...each,
        findings: each.findings.map((finding) => ({
          ...finding,
          seen: `${finding.seen} in 12 ms`,
          location: finding.location && { ...finding.location, line: 99 },
        })),
      })),
    };
    expect(prints(moved)).toEqual(prints(red));
    expect(new Set(prints(red)).size).toBe(4);
  });
});

it('everything that is blocked is behind its one cause, in every report', () => {
  const results = turned(greenResults(), { id: 'registry.reachable' }, 'REGISTRY_REFUSED', {
    url: 'http://r',
    seen: 'refused',
  });
  const down = reportOf(blocked(results, /^(?!env\.|registry\.reachable)/, 'registry.reachable'));
  expect(githubAnnotations(down, filesPaper)).toHaveLength(1);
  expect(run(down).results).toHaveLength(1);
  expect(markdownReport(down, filesPaper).match(/^\| ❌/gm)).toHaveLength(1);
});
