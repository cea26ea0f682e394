// What /discover sends is kept as text: what it says is always what is so.
import { expect, test } from 'vitest';
import { discoveredRow } from '../../src/registry-server/listing.js';
import { RowTexts } from '../../src/registry-server/row-texts.js';
import { Life, SECOND } from './life.js';

const healthyOf = ({ directory }: Life) => directory.catalog.service('asr')?.healthy ?? [];

test.for([
  ['all of them', 1_000_000],
  ['none', 0],
] as const)('every change is in the next text, where %s may be kept', ([, maxKept]) => {
  const texts = new RowTexts(maxKept);
  const life = new Life();
  const expectSame = () => {
    const healthy = healthyOf(life);
    const text = texts.discovered(healthy).toString();
    expect(JSON.parse(text)).toEqual(healthy.map(discoveredRow));
    expect(texts.discovered(healthy).toString()).toBe(text);
    return text;
  };
  expect(expectSame()).toBe('[]');
  life.register('one', { metadata: { version: '1' } });
  life.register('two');
  life.beat('one');
  life.beat('two');
  expect(expectSame()).toContain('"version":"1"');
  const before = expectSame();
  life.pass(SECOND);
  life.beat('two');
  expect(expectSame()).not.toBe(before);
  life.register('one', { metadata: { version: '2' } });
  life.beat('one');
  expect(expectSame()).toContain('"version":"2"');
  life.deregister('two');
  expect(expectSame()).not.toContain('"two"');
});
