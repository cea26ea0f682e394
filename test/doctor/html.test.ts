// The HTML report, as a person meets it: in a real browser.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { htmlReport } from '../../src/doctor/reports/html.js';
import type { Report } from '../../src/doctor/result.js';
import { NO_BROWSER, startBrowser } from '../support/browser.js';
import { filesPaper, greenResults, redReport, reportOf, turned } from '../support/sample-report.js';

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

const HOSTILE = `</script><script>document.title='owned'</script><img src=x onerror="document.title='owned'">"'\u202e`;

const trouble = { id: 'registration.present', service: 'asr-service', code: 'X', level: 'fail' } as const;
const red = redReport({
  comparison: {
    previous: '2026-03-03T03:12:00.000Z',
    new: [trouble],
    fixed: [trouble],
    still: [],
    unexamined: [],
    lost: [],
  },
  waivers: [
    {
      ...{ id: 'health.*', code: null, target: null, owner: 'ops', reason: 'old hardware' },
      ...{ expires: '2026-05-01', state: 'expired', waives: [] },
    },
  ],
});
const green = reportOf(greenResults());

describe.skipIf(NO_BROWSER)('the HTML report, in Chromium (skipped off CI where there is none)', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  /** Opens the page of a report from a file; `requests` is all that the page asked for. */
  async function open(report: Report, options: BrowserContextOptions = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'regctl-html-'));
    const path = join(folder, 'doctor.html');
    await writeFile(path, htmlReport(report, filesPaper));
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
    onTestFinished(async () => {
      await context.close();
      await rm(folder, { recursive: true });
    });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const requests: string[] = [];
    const problems: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    const url = pathToFileURL(path).href;
    await page.goto(url);
    return { page, context, requests, problems, url };
  }

  const visibleRows = (page: Page) => page.locator('[data-status]:visible').count();
  const output = (page: Page) => page.locator('output').textContent();

  it.each([
    ['red, light', red, { colorScheme: 'light' }],
    ['red, dark', red, { colorScheme: 'dark' }],
    ['red, 400 px', red, { colorScheme: 'light', viewport: { width: 400, height: 800 } }],
    ['green, light', green, { colorScheme: 'light' }],
    ['green, dark at 400 px', green, { colorScheme: 'dark', viewport: { width: 400, height: 800 } }],
  ] as const)('is accessible and needs no sideways scrolling: %s', async (_, report, options) => {
    const { page, problems } = await open(report, options);
    await page.evaluate(AXE);
    const found = await page.evaluate<AxeResults>('axe.run()');
    expect(found.passes.map(({ id }) => id)).toContain('color-contrast');
    expect(
      found.violations.map(({ id, nodes }) => [
        id,
        nodes.map(({ html, failureSummary }) => html + failureSummary),
      ]),
    ).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(problems).toEqual([]);
  });

  it('says the verdict first, then what blocks most, its remedy and a command to copy', async () => {
    const { page, context } = await open(red);
    expect(await page.locator('h1').innerText()).toContain('Not integrated');
    const card = page.locator('.card').first();
    expect(await card.innerText()).toMatch(
      /Mend this first: it blocks \d+ checks[\s\S]*JWT_SECRET is not set[\s\S]*Do Ask the Coordinator/,
    );
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await card.getByRole('button', { name: 'Copy the command' }).click();
    await card.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('test -n "$JWT_SECRET" && echo set');
  });

  it('asks nobody for anything, and could not', async () => {
    const { page, requests, url } = await open(red);
    await page.locator('summary').first().click();
    expect(requests.filter((each) => !each.startsWith('data:'))).toEqual([url]);
    await expect(page.evaluate("fetch('http://127.0.0.1:9/')")).rejects.toThrow(/fetch/);
    expect(requests.filter((each) => each.startsWith('http'))).toEqual([]);
  });

  it('shows what came from the network as text, and runs none of it', async () => {
    const service = `asr ${HOSTILE}`;
    const results = turned(
      greenResults([service]),
      { id: 'health.endpoint', service },
      'SECRET_MISSING',
      {},
      { seen: HOSTILE, location: { path: HOSTILE, line: 1, column: 1 } },
    ).map((each) => ({ ...each, seen: HOSTILE, category: each.service === null ? HOSTILE : each.category }));
    const { page, problems } = await open(reportOf(results));
    expect(await page.title()).toMatch(/^fail: not integrated, /);
    expect(await page.evaluate('[document.scripts.length, document.images.length]')).toEqual([1, 0]);
    expect(await page.locator('.card h3').first().innerText()).toContain(HOSTILE.replace('\u202e', ''));
    expect(problems).toEqual([]);
  });

  it('filters by click', async () => {
    const { page } = await open(red);
    const all = red.results.length;
    expect(await visibleRows(page)).toBe(all);
    await page.getByRole('checkbox', { name: /^pass/ }).click();
    await expect.poll(() => output(page)).toBe(`${all - red.summary.pass} of ${all} checks`);
    expect(await visibleRows(page)).toBe(all - red.summary.pass);
    await page.getByLabel('Service').selectOption('nmt-service');
    await page.getByLabel('Category').selectOption('health');
    await expect
      .poll(() => page.locator('[data-status]:visible').allInnerTexts())
      .toEqual([expect.stringContaining('boom')]);
    await page.getByRole('button', { name: 'Show all' }).click();
    await expect.poll(() => output(page)).toBe(`${all} checks`);
  });

  it('filters by keyboard alone', async () => {
    const { page } = await open(red);
    const focused = () => page.evaluate('document.activeElement.name || ""');
    const tabTo = async (name: string) => {
      for (let tries = 0; (await focused()) !== name; tries += 1) {
        if (tries > 40) throw new Error(`${name} cannot be reached by Tab`);
        await page.keyboard.press('Tab');
      }
    };
    await tabTo('text');
    await page.keyboard.type('no-ghosts nmt');
    await expect.poll(() => output(page)).toMatch(/^1 of /);
    await tabTo('category');
    await page.keyboard.type('health');
    await expect.poll(() => output(page)).toBe('No check matches.');
    await tabTo('status');
    await page.keyboard.press('Space');
    expect(await page.getByRole('checkbox', { name: /^fail/ }).isChecked()).toBe(false);
  });

  it('has everything on paper, whatever is folded or filtered', async () => {
    const { page } = await open(red);
    await page.getByLabel('Find').fill('nothing has this');
    await expect.poll(() => visibleRows(page)).toBe(0);
    await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = false");
    await page.emulateMedia({ media: 'print' });
    // The browser's own word for "now it is printed" opens what is folded.
    await page.evaluate(
      "addEventListener('beforeprint', () => { window.printed = document.querySelectorAll('details:not([open])').length })",
    );
    await page.pdf({ format: 'A4' });
    expect(await page.evaluate('window.printed')).toBe(0);
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await visibleRows(page)).toBe(red.results.length);
    expect(await page.locator('form:visible, button:visible').count()).toBe(0);
  });

  it('is whole without JavaScript, with no controls that do nothing', async () => {
    const { page } = await open(red, { javaScriptEnabled: false });
    expect(await page.locator('form:visible, button:visible').count()).toBe(0);
    expect(await page.locator('[data-status]').count()).toBe(red.results.length);
    expect(await page.locator('.card').first().innerText()).toContain('test -n "$JWT_SECRET"');
  });

  it('draws when each check ran', async () => {
    const { page } = await open(green);
    const bars = await page
      .locator('svg.bar rect')
      .evaluateAll((all) => all.map((rect) => ['x', 'width'].map((name) => Number(rect.getAttribute(name)))));
    expect(bars).toHaveLength(green.results.length);
    for (const [x = -1, width = 0] of bars) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(width).toBeGreaterThan(0);
      expect(x + width).toBeLessThanOrEqual(100.1);
    }
  });

  it('is small and swift over 1,000 services', async () => {
    const services = Array.from({ length: 1_000 }, (_, index) => `service-${index}`);
    let results = greenResults(services);
    for (const service of services.slice(0, 100)) {
      results = turned(results, { id: 'health.endpoint', service }, 'SECRET_MISSING', {});
    }
    const report = reportOf(results);
    expect(htmlReport(report, filesPaper).length).toBeLessThan(4_000_000);
    const started = performance.now();
    const { page } = await open(report);
    expect(await output(page)).toBe(`${results.length} checks`);
    await page.getByLabel('Find').fill('service-77 health.endpoint');
    await expect.poll(() => output(page), { timeout: 10_000 }).toMatch(/^\d+ of /);
    expect(performance.now() - started).toBeLessThan(20_000);
    // One kind of failure is one card, however many services have it.
    expect(await page.locator('.cards > .card').count()).toBe(1);
    expect(await page.locator('.cards .places li').count()).toBe(100);
  });
});
