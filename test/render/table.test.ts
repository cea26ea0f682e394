import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { age, duration } from '../../src/render/age.js';
import { COLOURS } from '../../src/render/colours.js';
import { cutTable } from '../../src/render/cut-table.js';
import { PLAIN, styleStatus } from '../../src/render/style.js';
import { table } from '../../src/render/table.js';
import { clean, cleanDeep, safeJson } from '../../src/render/text.js';
import { useColour } from '../../src/terminal.js';

const paper = (width: number, colour = false) => ({
  style: colour ? COLOURS : PLAIN,
  width,
  cut: cutTable,
  wide: false,
  now: 0,
});

describe('table', () => {
  const rows = [
    ['asr-service', 'healthy', 'http://asr-service.speech.svc.cluster.local:8090'],
    ['nmt', 'unhealthy', 'http://nmt:1'],
  ];

  it('is aligned, and whole where the paper has no end', () => {
    expect(table(['NAME', 'STATUS', 'URL'], rows, paper(Number.POSITIVE_INFINITY))).toBe(
      [
        'NAME         STATUS     URL',
        'asr-service  healthy    http://asr-service.speech.svc.cluster.local:8090',
        'nmt          unhealthy  http://nmt:1',
      ].join('\n'),
    );
  });

  it.each([24, 30, 40, 60, 70])('fits %i columns, with and without colour', (width) => {
    const coloured = rows.map(([name = '', status = '', url = '']) => [
      name,
      styleStatus(COLOURS, status),
      url,
    ]);
    for (const drawn of [
      table(['N', 'S', 'URL'], rows, paper(width)),
      table(['N', 'S', 'URL'], coloured, paper(width, true)),
    ]) {
      for (const line of stripVTControlCharacters(drawn).split('\n'))
        expect(line.length).toBeLessThanOrEqual(width);
      expect(drawn).toContain('…');
    }
  });
});

describe('text', () => {
  it('loses what steers a terminal and nothing else', () => {
    expect(clean('\u001b[31mred\u001b[0m \u001b]0;title\u0007x')).toBe('red x');
    expect(clean('two\r\nlines\tand a tab')).toBe('two lines and a tab');
    expect(clean('\u202etxt.exe\u2066')).toBe('txt.exe');
    expect(clean('Zürich 東京 👍')).toBe('Zürich 東京 👍');
    expect(clean('x'.repeat(5000), 10)).toBe(`${'x'.repeat(10)}…`);
  });

  it('stays the same data as JSON, escaped', () => {
    const value = { name: 'a\u009b31m\u202eb\u2028', plain: 'é' };
    expect(safeJson(value)).toBe('{"name":"a\\u009b31m\\u202eb\\u2028","plain":"é"}');
    expect(JSON.parse(safeJson(value))).toEqual(value);
  });

  it('is cleaned in every corner of a document', () => {
    expect(cleanDeep({ 'k\u001b[1m': ['\u0007a', { b: '\u001b[2Jc' }, 1, null, true] })).toEqual({
      k: ['a', { b: 'c' }, 1, null, true],
    });
  });
});

describe('colour', () => {
  const TTY = { isTTY: true };
  it.each([
    [TTY, {}, undefined, true],
    [{}, {}, undefined, false],
    [TTY, { TERM: 'dumb' }, undefined, false],
    [TTY, { NO_COLOR: '1' }, undefined, false],
    [TTY, { NO_COLOR: '' }, undefined, true],
    [{}, { FORCE_COLOR: '1' }, undefined, true],
    [{}, { FORCE_COLOR: '' }, undefined, true],
    [TTY, { FORCE_COLOR: '0' }, undefined, false],
    [TTY, { NO_COLOR: '1', FORCE_COLOR: '1' }, undefined, false],
    [{}, { NO_COLOR: '1' }, true, true],
    [TTY, { FORCE_COLOR: '1' }, false, false],
  ])('%o %o --color %s: %s', (stream, environment, flag, expected) => {
    expect(useColour(stream, environment, flag)).toBe(expected);
  });
});

describe('age', () => {
  it.each([
    [0, '0s'],
    [119_999, '119s'],
    [120_000, '2m'],
    [7_199_999, '119m'],
    [7_200_000, '2h'],
    [172_800_000, '2d'],
  ])('%i ms is %s', (ms, shown) => {
    expect(duration(ms)).toBe(shown);
  });

  it('is a dash where the time is not known, and never negative', () => {
    expect([age(null, 0), age('yesterday', 0), age('1970-01-01T00:01:00Z', 0)]).toEqual(['-', '-', '0s']);
  });
});
