import { describe, expect, test } from 'vitest';
import { choose } from '../../src/registry-server/choice.js';
import { Life } from './life.js';

function healthy(weights: Record<string, unknown>) {
  const life = new Life();
  for (const [id, weight] of Object.entries(weights)) {
    life.register(id, { url: `http://${id}:80`, metadata: { status: 'healthy', weight } });
  }
  return life.directory.catalog.service('asr')?.healthy ?? [];
}

/** How often each is chosen in 1,000 even draws. */
function draw(weights: Record<string, unknown>, exclude: string[] = []): Record<string, number> {
  const counts: Record<string, number> = {};
  const candidates = healthy(weights);
  for (let i = 0; i < 1000; i += 1) {
    const id = choose(candidates, exclude, () => i / 1000)?.registration.id ?? 'nobody';
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

describe('choosing among the healthy', () => {
  test('follows the weights of the metadata, numbers or texts; what is no weight counts as 1', () => {
    expect(draw({ a: 3, b: '1' })).toEqual({ a: 750, b: 250 });
    expect(draw({ a: 'much', b: -1 })).toEqual({ a: 500, b: 500 });
    expect(draw({ a: 1e308, b: 1000 })).toEqual({ a: 500, b: 500 });
  });

  test('leaves weight 0 for when there is nothing else', () => {
    expect(draw({ a: 0, b: 1 })).toEqual({ b: 1000 });
    expect(draw({ a: 0, b: 0 })).toEqual({ a: 500, b: 500 });
  });

  test('passes over what just failed the caller, by id or by URL', () => {
    expect(draw({ a: 1, b: 1, c: 1 }, ['a', 'http://b:80/'])).toEqual({ c: 1000 });
    expect(draw({ a: 1 }, ['a'])).toEqual({ nobody: 1000 });
  });
});
