// The doctor beside the guides: their own words, each answered by checks.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/doctor/catalogue.js';
import { answerChecklist, type Checklist } from '../../src/doctor/checklist.js';
import { describeCheck } from '../../src/doctor/describe.js';
import { checkPage } from '../../src/doctor/docs.js';
import { CHECKLISTS, itemsOf, LISTS } from '../../src/doctor/guides.js';
import { report } from '../../src/doctor/report.js';
import type { CheckResult } from '../../src/doctor/result.js';
import { checksOf, SYMPTOMS } from '../../src/doctor/symptoms.js';
import { examineChecklist } from '../../src/operations/doctor-checklist.js';
import { checklistView } from '../../src/render/checklist.js';
import { PLAIN } from '../../src/render/style.js';
import { deploy, withContext } from './deployment.js';
import { blocked, passed, red, skipped } from './results.js';

const GUIDES = {
  'Service Integration Guide': 'service-integration-guide.md',
  'Service Registry Integration Guide': 'service-registry-integration-guide.md',
} as const;

function guide(name: keyof typeof GUIDES): string {
  return readFileSync(new URL(`../guides/${GUIDES[name]}`, import.meta.url), 'utf8');
}

/** The text of the section with this heading. */
function section(text: string, heading: RegExp): string {
  const [, level = '', body = ''] = new RegExp(`^(#+) ${heading.source}\\n([^]*)`, 'm').exec(text) ?? [];
  return body.split(new RegExp(`^#{1,${level.length}} `, 'm'))[0] ?? '';
}

const bullets = (text: string, mark: RegExp) =>
  text.split('\n').flatMap((line) => (mark.test(line) ? [line.replace(mark, '')] : []));

const IDS = new Set(CHECKS.map(({ id }) => id));

describe("the guides' checklists", () => {
  it.each([
    ['integration', /✅ Integration Checklist/, 6],
    ['debug', /Debug Checklist/, 7],
  ] as const)('%s: the doctor has its items word for word, and each has a check', (list, heading, count) => {
    const items = bullets(section(guide(CHECKLISTS[list].guide), heading), /^- \[ \] /);
    expect(items).toHaveLength(count);
    expect(itemsOf(list).map(({ text }) => text)).toEqual(items);
    const answered = new Set<string>(CHECKS.flatMap(({ checklist }) => checklist));
    expect(itemsOf(list).filter(({ item }) => !answered.has(item))).toEqual([]);
  });

  it('no check answers an item that there is not', () => {
    const items = new Set<string>(LISTS.flatMap(itemsOf).map(({ item }) => item));
    expect(CHECKS.flatMap(({ checklist }) => checklist).filter((item) => !items.has(item))).toEqual([]);
  });
});

describe("the guides' troubleshooting", () => {
  const told = (name: keyof typeof GUIDES) => SYMPTOMS.filter((each) => each.guide === name);

  it('the symptoms of the Service Integration Guide are there, with all it advises', () => {
    const text = section(guide('Service Integration Guide'), /🆘 Troubleshooting/);
    const sections = text.split(/^### /m).slice(1);
    expect(sections).toHaveLength(3);
    expect(
      told('Service Integration Guide').map(({ title, advice }) => [
        title,
        ...advice.map((each) => each.text),
      ]),
    ).toEqual(sections.map((each) => [each.split('\n')[0], ...bullets(each, /^- /)]));
  });

  it('the issues of the Service Registry Integration Guide are there, with all it advises', () => {
    const text = section(guide('Service Registry Integration Guide'), /Common Issues/);
    const sections = text.split(/^#### \d+\. /m).slice(1);
    expect(sections).toHaveLength(5);
    expect(
      told('Service Registry Integration Guide').map(({ title, symptom, advice }) => [
        ...[title, symptom],
        ...advice.map((each) => each.text),
      ]),
    ).toEqual(
      sections.map((each) => [
        ...[each.split('\n')[0], /^\*\*Symptom\*\*: (.*)$/m.exec(each)?.[1]],
        ...bullets(each, /^- /),
      ]),
    );
  });

  it.each(SYMPTOMS.map((each) => [each.title, each] as const))(
    '"%s" has checks, as has all advice',
    (_, each) => {
      expect(each.shownBy.length).toBeGreaterThan(0);
      expect(each.advice.filter(({ checks }) => checks.length === 0)).toEqual([]);
      expect(checksOf(each).filter((id) => !IDS.has(id))).toEqual([]);
    },
  );

  it('is in docs/doctor.md, symptom by symptom, with the checks to run', () => {
    const docs = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');
    for (const symptom of SYMPTOMS)
      expect(docs).toContain(
        `| ${symptom.title} | ${checksOf(symptom)
          .map((id) => `\`${id}\``)
          .join(', ')} |`,
      );
  });

  it('--explain names the items and symptoms that a check answers', () => {
    const check = CHECKS.find(({ id }) => id === 'health.endpoint');
    const page = check === undefined ? '' : checkPage(describeCheck(check));
    expect(page).toContain('- debug checklist: Service health endpoint works');
    expect(page).toContain('- Service Registry Integration Guide, troubleshooting: Health Check Fails');
    expect(page).toContain('  - Verify health endpoint returns 200 status');
  });
});

/** The sign at item debug.1, from the results of its checks. */
function sign(...results: CheckResult[]): string {
  const [first] = answered(results).items;
  return [first?.status, ...(first?.open ?? []).map(({ id }) => id)].join(' ');
}

function answered(results: CheckResult[]): Checklist {
  const about = {
    version: '1',
    startedAt: new Date(0),
    durationMs: 1,
    services: [],
    failOn: 'fail',
  } as const;
  const run = report(results, { ...about, registry: { url: 'http://r', origin: null, api: null } });
  const checks = [...new Set(results.map(({ id }) => id))].map((id) => ({ id, checklist: ['debug.1'] }));
  return answerChecklist('debug', run, checks);
}

const needs = (name: string, option: string): CheckResult => ({
  ...skipped(name),
  skip: { kind: 'not-applicable', why: `give ${option}` },
});
const waived = (name: string): CheckResult => ({
  ...skipped(name),
  skip: { kind: 'waived', why: 'ONE, by me until 2026-12-31: OPS-1' },
});

describe('an item of a checklist', () => {
  it.each<[string, string, CheckResult[]]>([
    ['is ticked where all that was carried out passed', 'pass', [passed('a.x'), passed('asr/a.y')]],
    [
      'is ticked also where more could be, which is said',
      'pass a.y',
      [passed('a.x'), needs('a.y', '--exec X')],
    ],
    ['is ticked where a part does not apply', 'pass', [passed('a.x'), skipped('a.y', 'not-applicable')]],
    [
      'is crossed where one fails',
      'fail a.y',
      [passed('a.x'), red('asr/a.z', 'ONE'), needs('a.y', '--exec X')],
    ],
    ['warns where one warns', 'warn', [passed('a.x'), red('a.y', 'warn:ONE')]],
    ['is open where one could not be found out', 'unknown', [passed('a.x'), red('a.y', 'unknown:ONE')]],
    ['is open where one is blocked', 'unknown a.y', [passed('a.x'), blocked('a.y', 'b.z')]],
    [
      'is open where nothing was carried out for want of an option',
      'unknown a.y',
      [needs('a.y', '--source DIR')],
    ],
    ['is open where no check answers it', 'unknown', []],
    ['is skipped where it does not apply', 'skip', [skipped('a.x', 'not-applicable')]],
    ['is skipped, not ticked, where something is waived', 'skip', [passed('a.x'), waived('a.y')]],
  ])('%s', (_, expected, results) => {
    expect(sign(...results)).toBe(expected);
  });

  it('says each thing to do once, however many services there are', () => {
    const results = ['asr', 'nmt', 'tts'].map((service) => needs(`${service}/a.y`, '--logs FILE'));
    expect(answered(results).items[0]?.open).toEqual([{ id: 'a.y', why: 'give --logs FILE' }]);
  });
});

describe('doctor --checklist', () => {
  const paper = { style: PLAIN, width: Number.POSITIVE_INFINITY, wide: false, now: 0 };

  it("prints the guide's own list, in its order, with a sign at each item", async () => {
    const deployment = await deploy({});
    const list = await withContext(deployment, (input, context) => examineChecklist('debug', input, context));
    await deployment.close();
    const text = checklistView({ ascii: false }).text(list, paper);
    const signs = text
      .split('\n')
      .flatMap((line) => /^ {2}(\S) (.*)/.exec(line)?.slice(1, 3).join(' ') ?? []);
    expect(signs).toEqual(CHECKLISTS.debug.items.map((item) => `✔ ${item}`));
    expect(text).toMatch(/7 of 7 ticked\. Verdict: pass; exit 0\.$/);
    expect(text).toContain('Not carried out: registration.startup-log (no log is given: --logs FILE)');
  });

  it('crosses what fails, says why and what to do, and ends with 1', async () => {
    const deployment = await deploy({ behaviour: 'health-500' });
    const list = await withContext(deployment, (input, context) => examineChecklist('debug', input, context));
    await deployment.close();
    expect(list).toMatchObject({ verdict: 'fail', exit: 1, summary: { fail: 1, pass: 6 } });
    const text = checklistView({ ascii: true }).text(list, paper);
    expect(text).toMatch(
      /^ {2}x Service health endpoint works\n {6}health\.endpoint of asr-service: .*\n {6}Do: /m,
    );
    const elsewhere = { ...list, summary: { ...list.summary, fail: 0, unknown: 1 } };
    const next = '`regctl doctor --brief` says what to do. Verdict: fail; exit 1.';
    expect(checklistView({ ascii: true }).text(elsewhere, paper)).toContain(next);
    expect(text).not.toContain(next);
    const narrow = checklistView({ ascii: true })
      .text(list, { ...paper, width: 80 })
      .split('\n');
    expect(narrow.slice(1).filter((line) => line.length > 80 && !line.includes('Try:'))).toEqual([]);
  });

  it('ends with 3 where an item is neither ticked nor crossed', async () => {
    const deployment = await deploy({});
    const list = await withContext(deployment, (input, context) =>
      examineChecklist('integration', input, context),
    );
    await deployment.close();
    expect(list).toMatchObject({ verdict: 'unknown', exit: 3 });
    expect(list.items[1]).toMatchObject({ item: 'integration.2', status: 'pass' });
    expect(list.items[5]).toMatchObject({ item: 'integration.6', status: 'unknown' });
  });

  it('ends with 1 where what the list needs first fails', async () => {
    const deployment = await deploy({});
    await deployment.gateway(({ path }) =>
      path === '/health'
        ? undefined
        : { status: 200, headers: { 'content-type': 'text/html' }, body: 'hello' },
    );
    const list = await withContext(deployment, (input, context) =>
      examineChecklist('integration', input, context),
    );
    await deployment.close();
    expect(list.exit).toBe(1);
    expect(list.causes[0]?.id).toBe('registry.api');
  });

  it('shows a waived item as such', async () => {
    const deployment = await deploy({ env: { JWT_SECRET: 'changeme' } });
    deployment.input.waivers = join(deployment.folder, 'waivers.json');
    const waiver = { id: 'env.*', owner: 'platform', reason: 'OPS-1', expires: '9999-12-31' };
    await writeFile(deployment.input.waivers, JSON.stringify({ waivers: [waiver] }));
    const list = await withContext(deployment, (input, context) => examineChecklist('debug', input, context));
    await deployment.close();
    expect(list.items[2]).toMatchObject({
      status: 'skip',
      why: 'waived: SECRET_WEAK, by platform until 9999-12-31: OPS-1',
    });
  });
});
