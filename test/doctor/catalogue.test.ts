import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/doctor/catalogue.js';
import { describeCheck, describeFinding } from '../../src/doctor/describe.js';
import { checkPage, checkPages } from '../../src/doctor/docs.js';
import { ENGINE } from '../../src/doctor/findings/engine.js';
import { sh } from '../../src/doctor/findings/entry.js';
import { FINDINGS } from '../../src/doctor/findings.js';
import { describeChecks, explainCheck } from '../../src/operations/doctor.js';

const ids = CHECKS.map(({ id }) => id);

/** Every id that was ever published; a line is never taken out. */
const PUBLISHED = readFileSync(new URL('published-ids.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');

/** Published, and no check any more: such an id must not come to mean something else. */
const RETIRED: readonly string[] = [];

describe('the catalogue of checks', () => {
  it('has an id of its own for each, of category and name', () => {
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]+\.[a-z0-9-]+$/);
  });

  it('gives no id a second meaning: those once published are kept, and those retired are not used again', () => {
    expect(PUBLISHED).toEqual([...new Set(PUBLISHED)].sort());
    const kept = new Set<string>(ids);
    expect(PUBLISHED.filter((id) => !kept.has(id))).toEqual([...RETIRED].sort());
    // A new id goes into published-ids.txt with its check.
    expect(ids.filter((id) => !PUBLISHED.includes(id))).toEqual([]);
  });

  it('says of each what holds, why it matters, and every code it can find', () => {
    for (const { id, title, about, codes } of CHECKS) {
      expect(title, id).toMatch(/^\S.{8,98}[^.\s]$/);
      expect(about, id).toMatch(/^\S.{40,}\.$/s);
      expect(codes.length, id).toBeGreaterThan(0);
      expect(new Set(codes).size, id).toBe(codes.length);
    }
  });

  it('is what --list and --explain show, all of it', async () => {
    const listed = await describeChecks();
    expect(listed.map(({ id }) => id)).toEqual(ids);
    for (const { id, codes } of CHECKS) {
      const explained = await explainCheck(id);
      expect(explained.findings.map(({ code }) => code)).toEqual(codes);
      for (const code of codes) expect(checkPage(explained)).toContain(`### ${code} (`);
    }
    await expect(explainCheck('registry.reachabel')).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('requires only what is in it', () => {
    for (const { requires } of CHECKS) for (const { id } of requires) expect(ids).toContain(id);
  });

  it('asks nothing of one service where it is about the deployment', () => {
    for (const { scope, requires } of CHECKS)
      if (scope === 'deployment') expect(requires.map((other) => other.scope)).not.toContain('service');
  });

  it('changes something with these alone', () => {
    const writing = CHECKS.filter(({ effects }) => effects === 'write');
    expect(writing.map(({ id }) => id)).toEqual([
      'registry.round-trip',
      'e2e.calls-another-service',
      'message.accepts-valid',
      'message.echoes-trace',
      'message.rejects-unknown-type',
    ]);
  });

  it('needs --active for nothing that changes nothing', () => {
    for (const { id, effects, requires } of CHECKS)
      if (effects === 'read')
        expect(
          requires.filter((other) => other.effects === 'write'),
          id,
        ).toEqual([]);
  });
});

describe('the catalogue of findings', () => {
  it('says of every code what was seen and what to do', () => {
    for (const code of Object.keys(FINDINGS)) {
      const { seen, remedy } = describeFinding(code);
      expect(seen.length, code).toBeGreaterThan(10);
      expect(remedy.length, code).toBeGreaterThan(10);
      expect(`${seen} ${remedy}`, code).not.toMatch(/undefined|\[object/);
    }
  });

  it('has a check for every code', () => {
    const declared = new Set([...Object.keys(ENGINE), ...CHECKS.flatMap(({ codes }) => codes)]);
    expect(Object.keys(FINDINGS).filter((code) => !declared.has(code))).toEqual([]);
    expect([...declared].filter((code) => !(code in FINDINGS))).toEqual([]);
  });

  it('quotes for the shell what came from the network', () => {
    expect(sh('http://asr-service:8090/health')).toBe('http://asr-service:8090/health');
    expect(sh("http://x/$(id)'; rm -rf ~")).toBe(`'http://x/$(id)'\\''; rm -rf ~'`);
  });
});

describe('docs/checks', () => {
  it('has the page of every check, as `npm run docs` writes it, and no other', () => {
    const pages = checkPages(CHECKS.map(describeCheck));
    const folder = new URL('../../docs/checks/', import.meta.url);
    expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
    for (const [name, text] of pages) expect(readFileSync(new URL(name, folder), 'utf8'), name).toBe(text);
  });
});
