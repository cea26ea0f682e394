// The items of a JSON array while its text still comes, so that memory does not grow with the answer.

/** More of a text without the end of an item in it is no list of rows. */
export const MAX_ITEM_CHARACTERS = 64 * 2 ** 20;
/** How many places that look like the end of an item are tried before more of the text is waited for. */
const TRIES = 4;

/**
 * Batches of the items of an array of objects, in its order. Throws SyntaxError where the text is no JSON, RangeError
 * where an item is too long; yields the document itself, alone in a batch with `isArray` false, where it is something else than an array.
 */
export async function* arrayItems(
  pieces: AsyncIterable<string>,
): AsyncGenerator<{ isArray: true; items: unknown[] } | { isArray: false; document: unknown }> {
  let text = '';
  let isArray: boolean | undefined;
  // What was in vain is not tried again until there is twice as much.
  let enough = 0;
  for await (const piece of pieces) {
    text += piece;
    if (isArray === undefined) {
      text = text.trimStart();
      if (text === '') continue;
      isArray = text.startsWith('[');
      if (isArray) text = text.slice(1);
    }
    if (text.length > MAX_ITEM_CHARACTERS) throw new RangeError('an item is too long');
    if (!isArray || text.length < enough) continue;
    const found = wholeItems(text);
    enough = found === undefined ? 2 * text.length : 0;
    if (found === undefined) continue;
    yield { isArray, items: found.items };
    text = text.slice(found.end + 1);
  }
  if (!isArray) {
    yield { isArray: false, document: JSON.parse(text) };
    return;
  }
  const rest = text.trimEnd();
  if (!rest.endsWith(']')) throw new SyntaxError('the array has no end');
  yield { isArray, items: JSON.parse(`[${rest}`) as unknown[] };
}

/**
 * The items that `text` begins with, and where the comma behind them is. A comma between braces may also be within an
 * item or a text; what is before it is then no JSON, since something in it stays open.
 */
function wholeItems(text: string): { items: unknown[]; end: number } | undefined {
  let from = text.length;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const end = lastComma(text, from);
    if (end === undefined) return undefined;
    try {
      return { items: JSON.parse(`[${text.slice(0, end)}]`) as unknown[], end };
    } catch {
      from = end;
    }
  }
  return undefined;
}

/** The last comma before `from` that stands between braces, with or without white space around it. */
function lastComma(text: string, from: number): number | undefined {
  for (let brace = text.lastIndexOf('{', from - 1); brace > 0; brace = text.lastIndexOf('{', brace - 1)) {
    const comma = text.slice(Math.max(0, brace - 64), brace).trimEnd().length + Math.max(0, brace - 64) - 1;
    if (text[comma] !== ',') continue;
    if (
      text
        .slice(Math.max(0, comma - 64), comma)
        .trimEnd()
        .endsWith('}')
    )
      return comma;
  }
  return undefined;
}
