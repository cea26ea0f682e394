import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/python';
import { binary } from '../binary.js';
import type { Language, Literal, Shape } from '../language.js';
import { childrenOf, commaGroups, numberOf, operatorOf, partsOf, textOf, unescaped } from '../nodes.js';

export const python: Language = {
  name: 'Python',
  parser,
  prepare,
  shape,
};

/** What the grammar does not know, as code that says as much here. */
function prepare(text: string): string {
  return (
    text
      .replaceAll('\f', ' ')
      .replace(/\b(\d+)\.(?=[\s)\],*/+-]|$)/g, '$10')
      .replace(/\byield\b(?=[ \t]*(?:$|[)\]}#,]))/gm, '_____')
      // Parentheses around what `with` opens, and around what that is called.
      .replace(/\((?<=\bwith[ \t]*\()((?:[^()]|\([^()]*\)){1,2000})\)(?=[ \t]*:)/g, (whole, inner: string) =>
        / as /.test(inner) ? ` ${inner.replace(/,(?=\s*$)/, ' ').replaceAll('\n', ' ')} ` : whole,
      )
      .replace(/(?<=\bas )\([\w\s,]{1,300}\)(?=:)/g, (names) => '_'.padEnd(names.length))
      // Patterns with classes, a decorator that is more than a call, template strings.
      .replace(
        /^([ \t]*case )([^\n"']*\([^\n]*)(?=:[ \t]*$)/gm,
        (_, word, what) => word + '_'.padEnd(what.length),
      )
      .replace(/^([ \t]*)@(?=[^\n]*\)[ \t]*[[.][^\n]*[\w)\]]$)/gm, '$1+')
      .replace(/\bt(?=["'])/g, 'f')
  );
}

function shape(node: SyntaxNode, text: string): Shape | undefined {
  switch (node.name) {
    case 'Comment':
    case 'ImportStatement':
    case 'TypeDef':
    case 'PropertyName':
      return { kind: 'nothing' };
    case 'String':
      return node.parent?.name === 'ExpressionStatement'
        ? { kind: 'nothing' }
        : { kind: 'text', value: stringValue(textOf(node, text)) };
    case 'ContinuedString':
      return node.parent?.name === 'ExpressionStatement'
        ? { kind: 'nothing' }
        : { kind: 'template', parts: childrenOf(node) };
    case 'FormatString':
      return { kind: 'template', parts: formatParts(node, text) };
    case 'VariableName':
      return /^(Function|Class)Definition$/.test(node.parent?.name ?? '')
        ? { kind: 'nothing' }
        : { kind: 'name', name: textOf(node, text) };
    case 'MemberExpression':
      return member(node, text);
    case 'Number':
      return { kind: 'number', value: numberOf(textOf(node, text)) };
    case 'BinaryExpression':
      return operation(node, text);
    case 'ConditionalExpression':
      return /env/i.test(textOf(node, text)) ? { kind: 'role', role: 'fallback' } : undefined;
    case 'CallExpression':
    case 'Decorator':
      return call(node, text);
    case 'DictionaryExpression':
      return dictionary(node, text);
    case 'AssignStatement':
      return assignment(node, text);
    case 'UpdateStatement':
      return { kind: 'binding', names: namesIn(node.firstChild, text) };
    case 'ParamList':
      return parameters(node, text);
    case 'FunctionDefinition': {
      const name = node.getChild('VariableName');
      return { kind: 'function', name: name === null ? undefined : textOf(name, text) };
    }
    case 'ForStatement':
      return {
        kind: 'loop',
        names: partsOf(node)
          .slice(0, 1)
          .flatMap((each) => namesIn(each, text)),
      };
    case 'WhileStatement':
      return { kind: 'loop', names: [] };
    case 'ClassDefinition': {
      // pydantic reads each field from the environment: what stands there is its default.
      const bases = node.getChild('ArgList');
      return bases !== null && /Settings\b/.test(textOf(bases, text))
        ? { kind: 'role', role: 'settings' }
        : undefined;
    }
    default:
      return undefined;
  }
}

function stringValue(raw: string): string {
  const [, prefix = '', quote = ''] = /^([a-z]*)("""|'''|"|')/i.exec(raw) ?? [];
  const inner = raw.slice(prefix.length + quote.length, raw.length - quote.length);
  return /r/i.test(prefix) ? inner : unescaped(inner);
}

function formatParts(node: SyntaxNode, text: string): (Literal | SyntaxNode)[] {
  const [opening = ''] = /^[a-z]*("""|'''|"|')/i.exec(textOf(node, text)) ?? [];
  const quote = opening.replace(/^[a-z]*/i, '');
  const parts: (Literal | SyntaxNode)[] = [];
  let from = node.from + opening.length;
  const literal = (to: number) => {
    if (to <= from) return;
    const value = unescaped(text.slice(from, to)).replaceAll('{{', '{').replaceAll('}}', '}');
    parts.push({ value, at: from });
  };
  for (const each of childrenOf(node)) {
    if (each.name !== 'FormatReplacement') continue;
    literal(each.from);
    const value = partsOf(each)[0];
    if (value !== undefined) parts.push(value);
    from = each.to;
  }
  literal(node.to - quote.length);
  return parts;
}

/** `a.b.c` and `a["b"]` by their dotted name; undefined for what has none. */
function dotted(node: SyntaxNode | null, text: string): string | undefined {
  if (node === null) return undefined;
  if (node.name === 'VariableName') return textOf(node, text);
  if (node.name !== 'MemberExpression') return undefined;
  const head = dotted(node.firstChild, text);
  const tail = node.getChild('PropertyName') ?? childrenOf(node).find(({ name }) => name === 'String');
  if (head === undefined || !tail) return undefined;
  return `${head}.${tail.name === 'String' ? stringValue(textOf(tail, text)) : textOf(tail, text)}`;
}

function member(node: SyntaxNode, text: string): Shape | undefined {
  const name = dotted(node, text);
  return name === undefined ? undefined : { kind: 'name', name };
}

function calleeOf(node: SyntaxNode | null, text: string): string {
  if (node === null) return '?';
  const name = dotted(node, text);
  if (name !== undefined) return name;
  if (node.name === 'CallExpression') return `${calleeOf(node.firstChild, text)}()`;
  const property = node.name === 'MemberExpression' ? node.getChild('PropertyName') : null;
  return property === null ? '?' : `${calleeOf(node.firstChild, text)}.${textOf(property, text)}`;
}

function call(node: SyntaxNode, text: string): Shape | undefined {
  const list = node.getChild('ArgList');
  if (list === null) return undefined;
  const args = commaGroups(list).flatMap((group) => {
    const value = group.at(-1);
    if (value === undefined) return [];
    const name = group[1]?.name === 'AssignOp' && group[0] ? textOf(group[0], text) : undefined;
    return [{ name: /^\*/.test(group[0]?.name ?? '') ? '*' : name, value }];
  });
  if (node.name === 'Decorator')
    return { kind: 'call', callee: text.slice(node.from + 1, list.from).trim(), args };
  const callee = calleeOf(node.firstChild, text);
  if (callee === 'dict' && args.every(({ name }) => name !== undefined)) {
    const entries = args.filter(({ name }) => name !== '*');
    return {
      kind: 'record',
      entries: entries.map(({ name, value }) => ({ key: name, value })),
      open: entries.length < args.length,
    };
  }
  const plain = dotted(node.firstChild, text) !== undefined;
  return { kind: 'call', callee, on: plain ? undefined : (node.firstChild ?? undefined), args };
}

function dictionary(node: SyntaxNode, text: string): Shape {
  const groups = commaGroups(node);
  const entries = groups.flatMap(([key, colon, value]) => {
    if (key === undefined || value === undefined || colon?.name !== ':') return [];
    return [{ key: key.name === 'String' ? stringValue(textOf(key, text)) : undefined, value }];
  });
  return {
    kind: 'record',
    entries,
    open: entries.length < groups.length || entries.some(({ key }) => key === undefined),
  };
}

function assignment(node: SyntaxNode, text: string): Shape {
  const children = childrenOf(node).filter(({ name }) => name !== 'TypeDef' && name !== 'Comment');
  const [target, sign, value] = children;
  const name = target === undefined ? undefined : dotted(target, text);
  if (children.length === 3 && sign?.name === 'AssignOp' && value && name !== undefined)
    return { kind: 'assignment', target: name, value };
  const last = children.findLastIndex((each) => each.name === 'AssignOp');
  return {
    kind: 'binding',
    names: children.slice(0, Math.max(0, last)).flatMap((each) => namesIn(each, text)),
  };
}

function parameters(node: SyntaxNode, text: string): Shape {
  const groups = commaGroups(node).map((group) => group.filter(({ name }) => name !== 'TypeDef'));
  const nameOf = (group: SyntaxNode[]) => group.find(({ name }) => name === 'VariableName');
  const names = groups.flatMap((group) => {
    const name = nameOf(group);
    return name === undefined ? [] : [textOf(name, text)];
  });
  const defaults = groups.flatMap((group) => {
    const [name, sign, value] = group;
    return sign?.name === 'AssignOp' && name && value ? [{ name: textOf(name, text), value }] : [];
  });
  return { kind: 'parameters', names, defaults };
}

function namesIn(node: SyntaxNode | null, text: string): string[] {
  if (node === null) return [];
  const name = dotted(node, text);
  return name === undefined ? childrenOf(node).flatMap((child) => namesIn(child, text)) : [name];
}

function operation(node: SyntaxNode, text: string): Shape | undefined {
  const [left, right] = [node.firstChild, node.lastChild];
  const operator = operatorOf(node, text);
  if (operator === 'in') return { kind: 'role', role: 'compare' };
  if (operator !== '%' || left === null || right === null) return binary(node, text, ['or']);
  return { kind: 'call', callee: '%', on: left, args: partsIn(right).map((value) => ({ value })) };
}

/** The values of a tuple, or the one there is. */
function partsIn(node: SyntaxNode): SyntaxNode[] {
  return node.name === 'TupleExpression' ? partsOf(node) : [node];
}
