import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/java';
import { binary } from '../binary.js';
import type { Language, Shape } from '../language.js';
import { childrenOf, commaGroups, numberOf, partsOf, textOf, unescaped } from '../nodes.js';

export const java: Language = { name: 'Java', parser, prepare, shape };

/** What the grammar does not know, as code that says as much here: patterns left out, switch as a statement. */
function prepare(text: string): string {
  const spaces = (part: string) => ' '.repeat(part.length);
  return text
    .replace(/\.class\b(?<=[A-Z]\w*\.class)/g, '.clazz')
    .replace(/\bwith\b(?<!\bprovides [^;\n]{1,200}with)/g, 'wit_')
    .replace(/\breturn (?=switch\b)/g, 'return;')
    .replace(/= (?=switch\b)/g, ' ;')
    .replace(/(?<![.\w])yield(?=[ \t]+[\w"'({!-])/g, 'throw')
    .replace(/\bnull, default(?= ->)/g, (part) => 'null'.padEnd(part.length))
    .replace(
      /\b(case[ \t]+[A-Z][\w.]*)((?:\(|[ \t]+\w)[^\n{};]{0,300}?)(?=[ \t]?->)/g,
      (_, name, rest) => name + spaces(rest),
    )
    .replace(
      /\b(instanceof[ \t]+[A-Z][\w.]*)(\((?:[^()]|\([^()]{0,200}\)){0,200}\))/g,
      (_, name, rest) => name + spaces(rest),
    );
}

function shape(node: SyntaxNode, text: string): Shape | undefined {
  switch (node.name) {
    case 'LineComment':
    case 'BlockComment':
    case 'ImportDeclaration':
    case 'PackageDeclaration':
    case 'TypeName':
    case 'ScopedTypeName':
    case 'GenericType':
    case 'MethodName':
    case 'Definition':
    case 'MarkerAnnotation':
      return { kind: 'nothing' };
    case 'StringLiteral':
      return { kind: 'text', value: unescaped(text.slice(node.from + 1, node.to - 1)) };
    case 'TextBlock':
      return { kind: 'text', value: unescaped(text.slice(node.from + 3, node.to - 3)) };
    case 'Identifier':
      return { kind: 'name', name: textOf(node, text) };
    case 'FieldAccess':
    case 'ScopedIdentifier':
    case 'MethodReference': {
      const name = dotted(node, text);
      return name === undefined ? undefined : { kind: 'name', name };
    }
    case 'IntegerLiteral':
    case 'FloatingPointLiteral':
      return { kind: 'number', value: numberOf(textOf(node, text)) };
    case 'BinaryExpression':
      return binary(node, text);
    case 'TernaryExpression':
      return /env/i.test(textOf(node, text)) ? { kind: 'role', role: 'fallback' } : undefined;
    case 'MethodInvocation':
    case 'ObjectCreationExpression':
      return call(node, text);
    case 'Annotation':
      return annotation(node, text);
    case 'VariableDeclarator':
    case 'AssignmentExpression':
      return assignment(node, text);
    case 'FormalParameters':
      return { kind: 'parameters', names: definitionsIn(node, text), defaults: [] };
    case 'MethodDeclaration':
    case 'ConstructorDeclaration':
    case 'LambdaExpression': {
      const name = node.getChild('Definition');
      return { kind: 'function', name: name === null ? undefined : textOf(name, text) };
    }
    case 'EnhancedForStatement':
      return { kind: 'loop', names: definitionsIn(node.getChild('ForSpec') ?? node, text) };
    case 'ForStatement':
    case 'WhileStatement':
    case 'DoStatement':
      return { kind: 'loop', names: [] };
    case 'ClassDeclaration': {
      const modifiers = node.getChild('Modifiers');
      return modifiers !== null && textOf(modifiers, text).includes('@ConfigurationProperties')
        ? { kind: 'role', role: 'settings' }
        : undefined;
    }
    default:
      return undefined;
  }
}

/** `a.b` and `a::b`, without `this.`; undefined for what has no name. */
function dotted(node: SyntaxNode | null, text: string): string | undefined {
  if (node === null) return undefined;
  if (node.name === 'Identifier' || node.name === 'TypeName') return textOf(node, text);
  if (!/^(FieldAccess|ScopedIdentifier|MethodReference)$/.test(node.name)) return undefined;
  const tail = node.lastChild;
  if (tail === null || tail.name !== 'Identifier') return undefined;
  if (node.firstChild?.name === 'this') return textOf(tail, text);
  const head = dotted(node.firstChild, text);
  return head === undefined ? undefined : `${head}.${textOf(tail, text)}`;
}

function calleeOf(node: SyntaxNode | null, text: string): string {
  if (node === null) return '?';
  const name = dotted(node, text);
  if (name !== undefined) return name;
  if (node.name === 'ObjectCreationExpression') {
    const type = partsOf(node).find(({ name: kind }) => /Type|Identifier/.test(kind));
    return type === undefined ? '?' : textOf(type, text).replace(/<[\s\S]*$/, '');
  }
  if (node.name !== 'MethodInvocation') return '?';
  const method = node.getChild('MethodName');
  const on = node.firstChild;
  const called = method === null ? '?' : textOf(method, text);
  if (on === null || on.name === 'MethodName' || on.name === 'this') return called;
  return `${calleeOf(on, text)}${/^(MethodInvocation|ObjectCreationExpression)$/.test(on.name) ? '()' : ''}.${called}`;
}

function call(node: SyntaxNode, text: string): Shape | undefined {
  const list = node.getChild('ArgumentList');
  if (list === null) return undefined;
  const args = commaGroups(list).flatMap(([value]) => (value === undefined ? [] : [{ value }]));
  const callee = calleeOf(node, text);
  if (callee === 'Map.of') return mapOf(args, text);
  const on = node.name === 'MethodInvocation' ? (node.firstChild ?? undefined) : undefined;
  const plain =
    on === undefined || on.name === 'MethodName' || on.name === 'this' || dotted(on, text) !== undefined;
  return { kind: 'call', callee, on: plain ? undefined : on, args };
}

function mapOf(args: { value: SyntaxNode }[], text: string): Shape {
  const keyAt = (at: number) => {
    const key = args[at]?.value;
    return key?.name === 'StringLiteral' ? unescaped(text.slice(key.from + 1, key.to - 1)) : undefined;
  };
  const entries = args.flatMap(({ value }, at) => (at % 2 === 1 ? [{ key: keyAt(at - 1), value }] : []));
  return { kind: 'record', entries, open: entries.some(({ key }) => key === undefined) };
}

function annotation(node: SyntaxNode, text: string): Shape | undefined {
  const [name, list] = [
    node.firstChild?.nextSibling ?? node.firstChild,
    node.getChild('AnnotationArgumentList'),
  ];
  if (name === null || list === null) return undefined;
  const args = commaGroups(list).flatMap(([value]) => {
    if (value === undefined) return [];
    if (value.name !== 'ElementValuePair') return [{ value }];
    const [key, given] = [value.firstChild, value.lastChild];
    return key && given ? [{ name: textOf(key, text), value: given }] : [];
  });
  return { kind: 'call', callee: text.slice(node.from, list.from).trim(), args };
}

function assignment(node: SyntaxNode, text: string): Shape | undefined {
  const [target, sign, value] = childrenOf(node).filter(({ name }) => !/Comment$/.test(name));
  if (target === undefined || sign === undefined || value === undefined) return undefined;
  const name = target.name === 'Definition' ? textOf(target, text) : dotted(target, text);
  if (name === undefined) return undefined;
  return textOf(sign, text) === '='
    ? { kind: 'assignment', target: name, value }
    : { kind: 'binding', names: [name] };
}

function definitionsIn(node: SyntaxNode, text: string): string[] {
  if (node.name === 'Definition') return [textOf(node, text)];
  if (node.name === 'Block') return [];
  return childrenOf(node).flatMap((child) => definitionsIn(child, text));
}
