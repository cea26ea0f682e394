import type { ListedContext } from '../operations/contexts.js';
import type { ResolvedSetting } from '../operations/resolved-settings.js';
import { table } from './table.js';
import { clean } from './text.js';
import type { View } from './view.js';

/** `regctl context list`; the current one has a star. */
export const contextsView: View<ListedContext[]> = {
  text(contexts, paper) {
    if (contexts.length === 0) return 'No contexts.';
    const rows = contexts.map(({ name, current, registry, api }) => [
      current ? '*' : '',
      name,
      clean(registry ?? '-'),
      api,
    ]);
    return table(['', 'NAME', 'REGISTRY', 'API'], rows, paper);
  },
  names: (contexts) => contexts.map(({ name }) => name),
  items: (contexts) => contexts,
};

/** What was done to one context. */
export function contextView(done: string): View<ListedContext> {
  return {
    text: ({ name, registry }) =>
      `${done} context ${name}${registry === null ? '' : ` (${clean(registry)})`}.`,
    names: ({ name }) => [name],
  };
}

/** `regctl context show`: each setting, and with --resolved where it came from. */
export const settingsView: View<ResolvedSetting[]> = {
  text: (settings, paper) =>
    table(
      ['SETTING', 'VALUE', 'FROM'],
      settings.map(({ setting, value, origin }) => [
        setting,
        clean(value ?? '-'),
        clean(origin ?? 'not set'),
      ]),
      paper,
    ),
  names: (settings) => settings.flatMap(({ setting, value }) => (value === null ? [] : [setting])),
  items: (settings) => settings,
};
