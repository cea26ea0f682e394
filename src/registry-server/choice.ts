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
  let candidates = healthy;
  if (exclude.length > 0) {
    const unwanted = new Set(exclude.map(withoutTrailingSlash));
    candidates = healthy.filter(
      ({ registration: { id, url } }) => !unwanted.has(id) && !unwanted.has(withoutTrailingSlash(url)),
    );
  }
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return candidates[Math.floor(random() * candidates.length)];
  let left = random() * total;
  for (const candidate of candidates) {
    left -= candidate.weight;
    if (left < 0) return candidate;
  }
  return candidates.findLast(({ weight }) => weight > 0);
}
