import { safeJson } from './text.js';

const ITEMS_AT_ONCE = 500;

/** A compact JSON array and a line break, some items at a time: as one text it would be as long as all of them. */
export function* jsonArray(items: readonly unknown[]): Generator<string> {
  if (items.length === 0) yield '[]\n';
  for (let from = 0; from < items.length; from += ITEMS_AT_ONCE) {
    const text = safeJson(items.slice(from, from + ITEMS_AT_ONCE)).slice(1, -1);
    yield `${from === 0 ? '[' : ','}${text}${from + ITEMS_AT_ONCE < items.length ? '' : ']\n'}`;
  }
}
