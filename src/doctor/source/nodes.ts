// Small questions to a syntax tree, the same in every language.
import type { SyntaxNode } from '@lezer/common';

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

export function textOf(node: SyntaxNode, text: string): string {
  return text.slice(node.from, node.to);
}

/** Children that are no punctuation: a name in lower case or without letters is a keyword or a sign. */
export function partsOf(node: SyntaxNode): SyntaxNode[] {
  return childrenOf(node).filter(
    ({ name }) => /^[A-Z]/.test(name) && !/(Op|Equals|Comment|Spread)$/.test(name),
  );
}

/** The sign between the two sides of a binary expression. */
export function operatorOf(node: SyntaxNode, text: string): string {
  const sign = childrenOf(node)[1];
  return sign === undefined ? '' : textOf(sign, text);
}

/** `a + b + c` as three, however the grammar nests it. */
export function operandsOf(node: SyntaxNode, text: string): SyntaxNode[] {
  const sign = operatorOf(node, text);
  const operands: SyntaxNode[] = [];
  let left: SyntaxNode | null = node;
  while (left !== null && left.name === node.name && operatorOf(left, text) === sign) {
    const right: SyntaxNode | null = left.lastChild;
    if (right !== null) operands.push(right);
    left = left.firstChild;
  }
  if (left !== null) operands.push(left);
  return operands.reverse();
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '0': '\0', '\n': '' };

/** Resolves the escapes the languages have in common. */
export function unescaped(raw: string): string {
  return raw.replace(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|u\{([0-9a-f]{1,5})\}|([\s\S]))/gi,
    (_, x, u, long, sign) => {
      const digits = x ?? u ?? long;
      return digits === undefined
        ? (ESCAPES[sign] ?? sign)
        : String.fromCodePoint(Number.parseInt(digits, 16));
    },
  );
}

/** A number as the languages write it; NaN where it is none. */
export function numberOf(raw: string): number {
  return Number(raw.replaceAll('_', '').replace(/^(0x[0-9a-f]+|[\d.e+-]+)[a-z]*$/i, '$1'));
}

/** Groups `a, b, name = c` at the commas. */
export function commaGroups(node: SyntaxNode): SyntaxNode[][] {
  const groups: SyntaxNode[][] = [[]];
  for (const child of childrenOf(node)) {
    if (child.name === ',') groups.push([]);
    else if (!/^[()[\]{}]$|Comment$/.test(child.name)) groups.at(-1)?.push(child);
  }
  return groups.filter((group) => group.length > 0);
}
