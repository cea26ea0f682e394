// Which healthy instance a caller is sent to.

import { withoutTrailingSlash } from '../wire/urls.js';
import type { Instance } from './instance.js';
import type { Random } from './settings.js';

/**
 * One of `healthy` at random, by weight, passing over those whose id or URL is in `exclude`; undefined where none is
 * left. Weight 0 is chosen only where every weight is 0.
 */
export function choose(
  healthy: readonly Instance[],
  exclude: readonly string[],
  random: Random,
): Instance | undefined {
  if (exclude.length === 0) return pick(healthy, weightsOf(healthy), random);
  const unwanted = new Set(exclude.map(withoutTrailingSlash));
  const candidates = healthy.filter(
    ({ registration: { id, url } }) => !unwanted.has(id) && !unwanted.has(withoutTrailingSlash(url)),
  );
  return pick(candidates, weigh(candidates), random);
}

/** The sum of the weights up to and with each candidate; undefined where all weigh the same. */
type Weights = Float64Array | undefined;

/** Of a list as long as it is there: it is made anew with every change, and asked of far more often. */
const known = new WeakMap<readonly Instance[], { weights: Weights }>();

function weightsOf(healthy: readonly Instance[]): Weights {
  const before = known.get(healthy);
  if (before !== undefined) return before.weights;
  const weights = weigh(healthy);
  known.set(healthy, { weights });
  return weights;
}

function weigh(candidates: readonly Instance[]): Weights {
  const [first] = candidates;
  if (candidates.every(({ weight }) => weight === first?.weight)) return undefined;
  let sum = 0;
  return Float64Array.from(candidates, ({ weight }) => {
    sum += weight;
    return sum;
  });
}

function pick(candidates: readonly Instance[], weights: Weights, random: Random): Instance | undefined {
  if (weights === undefined) return candidates[Math.floor(random() * candidates.length)];
  const at = random() * (weights.at(-1) ?? 0);
  // The first whose sum is above: what weighs nothing adds nothing.
  let [low, high] = [0, weights.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((weights[middle] ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  // Rounding may put it at the very end, behind the last that weighs anything.
  return (weights[low] ?? 0) > at ? candidates[low] : candidates.findLast(({ weight }) => weight > 0);
}
