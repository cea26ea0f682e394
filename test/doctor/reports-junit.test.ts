// The JUnit report, read back by a real XML parser and held to the shape that Jenkins' schema and GitLab share.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { junitReport } from '../../src/doctor/reports/junit.js';
import type { Report } from '../../src/doctor/result.js';
import { NO_BROWSER, startBrowser } from '../support/browser.js';
import { blocked, filesPaper, greenResults, redReport, reportOf, turned } from '../support/sample-report.js';

interface Element {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Element[];
}

/** Element → attributes (`!` where there must be one) and children, of jenkins-junit.xsd. */
const SHAPE: Record<string, { attributes: string; children: string }> = {
  testsuites: { attributes: 'name tests failures errors time', children: 'testsuite' },
  testsuite: {
    attributes: 'name! tests! failures errors skipped time timestamp',
    children: 'properties testcase',
  },
  properties: { attributes: '', children: 'property' },
  property: { attributes: 'name! value!', children: '' },
  testcase: { attributes: 'name! classname! time', children: 'failure error skipped system-out' },
  failure: { attributes: 'message type', children: '' },
  error: { attributes: 'message type', children: '' },
  skipped: { attributes: 'message', children: '' },
  'system-out': { attributes: '', children: '' },
};

const PARSE = `(xml) => {
  const tree = (node) => ({
    name: node.tagName,
    attributes: Object.fromEntries([...node.attributes].map(({ name, value }) => [name, value])),
    text: node.children.length === 0 ? node.textContent : '',
    children: [...node.children].map(tree),
  });
  return tree(new DOMParser().parseFromString(xml, 'application/xml').documentElement);
}`;

describe.skipIf(NO_BROWSER)('the JUnit report, read by Chromium (skipped off CI where there is none)', () => {
  let browser: Browser;
  let parse: (xml: string) => Promise<Element>;
  beforeAll(async () => {
    browser = await startBrowser();
    const page = await browser.newPage();
    parse = (xml) => page.evaluate(`(${PARSE})(${JSON.stringify(xml)})`);
  });
  afterAll(() => browser?.close());

  const read = (report: Report) => parse(junitReport(report, filesPaper));
  const all = (element: Element): Element[] => [element, ...element.children.flatMap(all)];
  const named = (root: Element, name: string) => all(root).filter((each) => each.name === name);
  const caseOf = (root: Element, id: string) =>
    named(root, 'testcase').find(({ attributes }) => attributes.name?.startsWith(`${id}: `));

  it.each([
    ['red', redReport()],
    ['green', reportOf(greenResults())],
    ['empty', reportOf([])],
  ])('has the shape that CI systems read: %s', async (_, report) => {
    for (const { name, attributes, children } of all(await read(report))) {
      const shape = SHAPE[name];
      if (shape === undefined) throw new Error(`${name} is no element of JUnit`);
      const known = shape.attributes.split(' ');
      const required = known.filter((each) => each.endsWith('!')).map((each) => each.slice(0, -1));
      expect(Object.keys(attributes)).toEqual(expect.arrayContaining(required));
      expect(known.map((each) => each.replace('!', ''))).toEqual(
        expect.arrayContaining(Object.keys(attributes)),
      );
      expect(shape.children.split(' ')).toEqual(expect.arrayContaining(children.map((child) => child.name)));
      for (const key of ['tests', 'failures', 'errors', 'skipped'])
        expect(attributes[key] ?? '0').toMatch(/^\d+$/);
      expect(attributes.time ?? '0').toMatch(/^\d+(\.\d+)?$/);
      expect(attributes.timestamp ?? '2026-03-04T03:12:00').toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    }
  });

  it('counts what is in it', async () => {
    const root = await read(redReport());
    for (const { attributes, children } of named(root, 'testsuite')) {
      const cases = children.filter(({ name }) => name === 'testcase');
      const count = (name: string) => cases.filter((each) => named(each, name).length > 0).length;
      expect(attributes).toMatchObject({
        tests: `${cases.length}`,
        failures: `${count('failure')}`,
        errors: `${count('error')}`,
        skipped: `${count('skipped')}`,
      });
    }
    expect(root.attributes).toMatchObject({ failures: '2', errors: '1' });
  });

  it('says under a failure what was seen, what to do and how to see it; skips say why', async () => {
    const root = await read(redReport());
    const failure = caseOf(root, 'env.jwt-secret')?.children[0];
    expect(failure).toMatchObject({
      name: 'failure',
      attributes: { type: 'SECRET_MISSING', message: expect.stringContaining('JWT_SECRET is not set') },
      text: expect.stringMatching(/^fail SECRET_MISSING\nSeen: .+\nDo: .+\nTry: test -n "\$JWT_SECRET"/),
    });
    expect(caseOf(root, 'env.service-vars')?.children[0]?.text).toContain('At: services/asr/app.py:41:9');
    expect(caseOf(root, 'message.rejects-missing')?.children[0]).toMatchObject({
      name: 'skipped',
      attributes: { message: 'blocked by env.jwt-secret: it failed' },
    });
  });

  it('holds what CI would call red to what the exit code does', async () => {
    const warned = turned(greenResults(), { id: 'env.registry-url' }, 'REGISTRY_URL_DEFAULT', { url: 'u' });
    const of = async (report: Report) => (await read(report)).attributes;
    expect(await of(reportOf(warned))).toMatchObject({ failures: '0', errors: '0' });
    expect(await of(reportOf(warned, { failOn: 'warn' }))).toMatchObject({ failures: '1', errors: '0' });
    const failed = turned(greenResults(), { id: 'env.jwt-secret' }, 'SECRET_MISSING', {});
    const comparison = {
      previous: '2026-03-03T00:00:00Z',
      new: [],
      fixed: [],
      still: [],
      unexamined: [],
      lost: [],
    };
    const known = reportOf(failed, { failOn: 'new', comparison });
    expect(known.exit).toBe(0);
    expect(await of(known)).toMatchObject({ failures: '0' });
    const trouble = { id: 'env.jwt-secret', service: null, code: 'SECRET_MISSING', level: 'fail' } as const;
    const fresh = reportOf(failed, { failOn: 'new', comparison: { ...comparison, new: [trouble] } });
    expect(fresh.exit).toBe(1);
    expect(await of(fresh)).toMatchObject({ failures: '1' });
  });

  it('is XML whatever came from the network', async () => {
    const evil = `]]><&"'\u0000\u0008\u000b\u001b[2J\ufffe\ud800 \u{1f4a5}</failure>`;
    const service = `a${evil}`;
    const results = turned(
      greenResults([service]),
      { id: 'health.endpoint', service },
      'SECRET_MISSING',
      {},
      { seen: evil },
    );
    const root = await read(reportOf(blocked(results, /^message\./, `x${evil}`)));
    expect(root.name).toBe('testsuites');
    const shown = `]]><&"' \u{1f4a5}</failure>`;
    expect(caseOf(root, 'health.endpoint')?.children[0]?.attributes.message).toBe(
      `${shown} [SECRET_MISSING]`,
    );
    expect(caseOf(root, 'health.endpoint')?.attributes.classname).toBe(`a${shown}.health`);
  });
});
