import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/go';
import { binary } from '../binary.js';
import type { Language, Shape } from '../language.js';
import { childrenOf, commaGroups, numberOf, operatorOf, partsOf, textOf, unescaped } from '../nodes.js';

export const go: Language = {
  name: 'Go',
  parser,
  prepare: (text) =>
    text
      // The grammar does not know `for range x {`; as a condition it says as much here.
      .replace(/\bfor[ \t]+range\b/g, (words) => 'for'.padEnd(words.length))
      // Nor that a statement may end with `true` or `false`; with a name it may.
      .replace(/\b(tru|fals)e\b/g, '$1_'),
  shape,
};

function shape(node: SyntaxNode, text: string): Shape | undefined {
  switch (node.name) {
    case 'LineComment':
    case 'BlockComment':
    case 'ImportDecl':
    case 'PackageClause':
    case 'TypeDecl':
    case 'TypeName':
    case 'FieldName':
    case 'DefName':
      return { kind: 'nothing' };
    case 'String':
      return { kind: 'text', value: stringValue(textOf(node, text)) };
    case 'VariableName':
      return { kind: 'name', name: textOf(node, text) };
    case 'Number':
      return { kind: 'number', value: numberOf(textOf(node, text)) };
    case 'SelectorExpr':
      return selector(node, text);
    case 'IndexExpr': {
      const name = dotted(node, text);
      return name === undefined ? undefined : { kind: 'name', name };
    }
    case 'BinaryExp':
      return binary(node, text);
    case 'CallExpr':
      return call(node, text);
    case 'Conversion':
      return conversion(node, text);
    case 'TypedLiteral':
    case 'LiteralValue':
      return literal(node, text);
    case 'VarSpec':
    case 'ConstSpec':
    case 'VarDecl':
    case 'Assignment':
      return assignment(node, text);
    case 'Parameters':
      return { kind: 'parameters', names: definitionsIn(node, text), defaults: [] };
    case 'FunctionDecl':
    case 'MethodDecl':
    case 'FunctionLiteral': {
      const name = node.getChild('DefName') ?? node.getChild('FieldName');
      return { kind: 'function', name: name === null ? undefined : textOf(name, text) };
    }
    case 'ForStatement': {
      const range = node.getChild('RangeClause');
      return { kind: 'loop', names: range === null ? [] : definitionsIn(range, text) };
    }
    default:
      return undefined;
  }
}

function stringValue(raw: string): string {
  return raw.startsWith('`') ? raw.slice(1, -1) : unescaped(raw.slice(1, -1));
}

/** `a.b` and `a["b"]` by their dotted name; undefined for what has none. */
function dotted(node: SyntaxNode | null, text: string): string | undefined {
  if (node === null) return undefined;
  if (/^(VariableName|DefName|TypeName)$/.test(node.name)) return textOf(node, text);
  if (!/^(SelectorExpr|QualifiedType|IndexExpr)$/.test(node.name)) return undefined;
  const head = dotted(node.firstChild, text);
  const tail = partsOf(node)[1];
  if (head === undefined || tail === undefined || !/^(FieldName|TypeName|String)$/.test(tail.name))
    return undefined;
  return `${head}.${tail.name === 'String' ? stringValue(textOf(tail, text)) : textOf(tail, text)}`;
}

/** `30 * time.Second` is read by the grammar as `(30 * time).Second`: here a call of the unit. */
function selector(node: SyntaxNode, text: string): Shape | undefined {
  const name = dotted(node, text);
  if (name !== undefined) return { kind: 'name', name };
  const [product, field] = [node.firstChild, node.getChild('FieldName')];
  if (product?.name !== 'BinaryExp' || operatorOf(product, text) !== '*' || field === null) return undefined;
  const [value, owner] = [product.firstChild, product.lastChild];
  if (value === null || owner === null) return undefined;
  return { kind: 'call', callee: `${textOf(owner, text)}.${textOf(field, text)}`, args: [{ value }] };
}

function calleeOf(node: SyntaxNode | null, text: string): string {
  if (node === null) return '?';
  const name = dotted(node, text);
  if (name !== undefined) return name;
  if (node.name === 'CallExpr') return `${calleeOf(node.firstChild, text)}()`;
  const field = node.name === 'SelectorExpr' ? node.getChild('FieldName') : null;
  return field === null ? '?' : `${calleeOf(node.firstChild, text)}.${textOf(field, text)}`;
}

function call(node: SyntaxNode, text: string): Shape | undefined {
  const list = node.getChild('Arguments');
  const called = node.firstChild;
  if (list === null || called === null) return undefined;
  const args = commaGroups(list).flatMap(([value]) => (value === undefined ? [] : [{ value }]));
  const plain = dotted(called, text) !== undefined;
  return { kind: 'call', callee: calleeOf(called, text), on: plain ? undefined : called, args };
}

/** `[]byte("x")`: as a call of the type. */
function conversion(node: SyntaxNode, text: string): Shape | undefined {
  const [type, value] = partsOf(node);
  if (type === undefined || value === undefined) return undefined;
  return { kind: 'call', callee: textOf(type, text).replace(/^\[\]/, ''), args: [{ value }] };
}

/** Literals with keys; those without are lists. */
function literal(node: SyntaxNode, text: string): Shape | undefined {
  const values = node.name === 'LiteralValue' ? node : node.getChild('LiteralValue');
  if (values === null) return undefined;
  const entries = values.getChildren('Element').flatMap((element) => {
    const key = element.getChild('Key')?.firstChild;
    const value = element.lastChild;
    if (!key || value === null) return [];
    return [{ key: key.name === 'String' ? stringValue(textOf(key, text)) : textOf(key, text), value }];
  });
  return entries.length === 0 ? undefined : { kind: 'record', entries, open: false };
}

function assignment(node: SyntaxNode, text: string): Shape | undefined {
  const children = childrenOf(node);
  const sign = children.findIndex((each) => /^(:?=)$/.test(textOf(each, text)));
  if (sign < 0) return undefined;
  const isTarget = ({ name }: SyntaxNode) => /^(DefName|VariableName|SelectorExpr|IndexExpr)$/.test(name);
  const targets = children.slice(0, sign).filter(isTarget);
  const values = children.slice(sign + 1).filter(({ name }) => /^[A-Z]/.test(name) && !/Comment$/.test(name));
  const [target, value] = [targets[0], values[0]];
  const name = dotted(target ?? null, text);
  if (targets.length === 1 && values.length === 1 && name !== undefined && value)
    return { kind: 'assignment', target: name, value };
  return { kind: 'binding', names: targets.flatMap((each) => dotted(each, text) ?? []) };
}

function definitionsIn(node: SyntaxNode, text: string): string[] {
  if (node.name === 'DefName') return [textOf(node, text)];
  return childrenOf(node).flatMap((child) => definitionsIn(child, text));
}
