import type { SyntaxNode } from '@lezer/common';
import type { Shape } from './language.js';
import { operandsOf, operatorOf } from './nodes.js';

/** `fallbacks`: the operators that give their right side where the left one is empty. */
export function binary(node: SyntaxNode, text: string, fallbacks: readonly string[] = []): Shape | undefined {
  const operator = operatorOf(node, text);
  const [left, right] = [node.firstChild, node.lastChild];
  if (left === null || right === null) return undefined;
  if (fallbacks.includes(operator)) return { kind: 'fallback', value: left, otherwise: right };
  switch (operator) {
    case '+':
      return { kind: 'template', parts: operandsOf(node, text) };
    case '*':
    case '/':
    case '-':
      return { kind: 'arithmetic', operator, operands: [left, right] };
    case '==':
    case '===':
    case '!=':
    case '!==':
      return { kind: 'role', role: 'compare' };
    default:
      return undefined;
  }
}
