import type { Discovered } from '../operations/discover.js';
import { clean } from './text.js';
import type { View } from './view.js';

const urls = (found: readonly Discovered[]) => found.map(({ url }) => clean(url));

/** `regctl discover`: the URL alone, for `curl "$(regctl discover asr-service)/health"`; with --all one a line. */
export const discoverAllView: View<Discovered[]> = {
  text: (found) => urls(found).join('\n'),
  names: urls,
  items: (found) => found,
};

export const discoverView: View<Discovered> = {
  text: ({ url }) => clean(url),
  names: (found) => urls([found]),
};
