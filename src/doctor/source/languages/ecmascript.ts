import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/javascript';
import { binary } from '../binary.js';
import type { Language, Literal, Shape } from '../language.js';
import { childrenOf, commaGroups, numberOf, partsOf, textOf, unescaped } from '../nodes.js';

/** TypeScript and JavaScript; `<T>x` is a cast in .ts and JSX elsewhere. */
export function ecmascript(path: string): Language {
  const dialect = /\.[mc]?ts$/.test(path) ? 'ts' : /\.tsx$/.test(path) ? 'ts jsx' : 'jsx';
  return {
    name: dialect.startsWith('ts') ? 'TypeScript' : 'JavaScript',
    parser: parser.configure({ dialect }),
    prepare,
    shape,
  };
}

const spaces = (part: string) => ' '.repeat(part.length);

/** Types that the grammar does not know; they are nothing here. */
const UNKNOWN_TYPES: [RegExp, (part: string) => string][] = [
  [/(?<=^export )type(?= \*)/gm, spaces],
  [/\btypeof\s+import\([^)\n]*\)/g, (part) => 'any'.padEnd(part.length)],
  [
    /^(?:import|export)\b[^;\n]{0,500}['"] with \{[^}\n]{0,500}\}/gm,
    (part) => part.replace(/ with \{[^}]*\}$/, spaces),
  ],
  [/(?<=\)\s?:\s?)(?:asserts )?\w+ is (?=[^\n]{0,300}=>)/g, spaces],
  [/^declare module (?:'[^'\n]{0,200}'|"[^"\n]{0,200}")/gm, (part) => 'namespace x'.padEnd(part.length)],
  [/(?<=\basync ?)<[^<>()\n]*>(?=\()/g, spaces],
  [/(?<=\b(?:let|var)\s+\w+)!(?=\s*:)/g, spaces],
  [/(?<=^(?:export )?)import(?= \w+ = [\w.]+[(;\n])/gm, (part) => 'const'.padEnd(part.length)],
];

/**
 * Where braces may be an object or a pattern, the grammar tries both, and over a long stretch gives one up before it
 * knows: so a long list of names begins with what no pattern has, and a long comment is one of two lines.
 */
const UNDECIDED: [RegExp, (part: string) => string][] = [
  [
    /(?<=(?:=|\breturn|\bdefault) \{)\n {2,}(?=\w+,\n(?: *[\w$]+(?:: [\w$]+)?,\n){30,})/g,
    (part) => '_:+'.padEnd(part.length),
  ],
  [
    /^[ \t]*\/\*\*?[^\n]*\n(?:[ \t]*\*(?!\/)[^\n]*\n){5,}[ \t]*\*\//gm,
    (part) => part.replace('\n', '\r').replaceAll('\n', ' ').replace('\r', '\n'),
  ],
];

/** Other code that it does not know, as code that says as much here. */
const UNKNOWN_CODE: [RegExp, (part: string) => string][] = [
  // What is assigned to several places at once is not followed.
  [/(?<=^[ \t]*;?\[[^=;\n,]*,[^=;\n]*\] )=(?=[^=>])/gm, () => ','],
  [/(?<=^[ \t]*\} )=(?= [\w.]+\);?$)/gm, () => ','],
  // `!` where a statement begins is taken for the end of the one before.
  [/(?<=^[ \t]*)!+(?=[\w$])(?!!*(?:function|async|class)\b)/gm, spaces],
  [/\b0[XBO](?=[\da-fA-F])/g, (part) => part.toLowerCase()],
];

function prepare(text: string): string {
  return [...UNKNOWN_TYPES, ...UNDECIDED, ...UNKNOWN_CODE].reduce(
    (made, [what, by]) => made.replace(what, by),
    text,
  );
}

function shape(node: SyntaxNode, text: string): Shape | undefined {
  switch (node.name) {
    case 'LineComment':
    case 'BlockComment':
    case 'ImportDeclaration':
    case 'TypeAnnotation':
    case 'TypeArgList':
    case 'TypeParamList':
    case 'TypeAliasDeclaration':
    case 'InterfaceDeclaration':
    case 'PropertyName':
      return { kind: 'nothing' };
    case 'String':
      // "use strict" and the like.
      return node.parent?.name === 'ExpressionStatement'
        ? { kind: 'nothing' }
        : { kind: 'text', value: unescaped(text.slice(node.from + 1, node.to - 1)) };
    case 'TemplateString':
      return { kind: 'template', parts: templateParts(node, text) };
    case 'VariableName':
      return { kind: 'name', name: textOf(node, text) };
    case 'PropertyDefinition':
      // `{ payload }`
      return node.parent?.name === 'Property' && node.nextSibling === null
        ? { kind: 'name', name: textOf(node, text) }
        : { kind: 'nothing' };
    case 'MemberExpression': {
      const name = dotted(node, text);
      return name === undefined ? undefined : { kind: 'name', name };
    }
    case 'Number':
      return { kind: 'number', value: numberOf(textOf(node, text)) };
    case 'BinaryExpression':
      return binary(node, text, ['||', '??']);
    case 'ConditionalExpression':
      return /env/i.test(textOf(node, text)) ? { kind: 'role', role: 'fallback' } : undefined;
    case 'CallExpression':
    case 'NewExpression':
      return call(node, text);
    case 'ObjectExpression':
      return object(node, text);
    case 'VariableDeclaration':
      return declaration(node, text);
    case 'PropertyDeclaration':
    case 'AssignmentExpression':
      return assignment(node, text);
    case 'ParamList':
      return parameters(node, text);
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'MethodDeclaration':
    case 'ArrowFunction':
      return { kind: 'function', name: functionName(node, text) };
    case 'ForStatement':
      return { kind: 'loop', names: forNames(node, text) };
    case 'WhileStatement':
    case 'DoStatement':
      return { kind: 'loop', names: [] };
    default:
      return undefined;
  }
}

function templateParts(node: SyntaxNode, text: string): (Literal | SyntaxNode)[] {
  const parts: (Literal | SyntaxNode)[] = [];
  let from = node.from + 1;
  const literal = (to: number) => {
    if (to > from) parts.push({ value: unescaped(text.slice(from, to)), at: from });
  };
  for (const each of childrenOf(node)) {
    if (each.name !== 'Interpolation') continue;
    literal(each.from);
    const value = partsOf(each).find(({ name }) => !name.startsWith('Interpolation'));
    if (value !== undefined) parts.push(value);
    from = each.to;
  }
  literal(node.to - 1);
  return parts;
}

const NAMES = new Set([
  'VariableName',
  'VariableDefinition',
  'PropertyDefinition',
  'PrivatePropertyDefinition',
  'this',
]);

/** `a.b`, `a?.b`, `a!.b` and `a["b"]` by their dotted name; undefined for what has none. */
function dotted(node: SyntaxNode | null, text: string): string | undefined {
  if (node === null) return undefined;
  if (NAMES.has(node.name)) return textOf(node, text);
  if (node.name === 'PostfixExpression') return dotted(node.firstChild, text);
  if (node.name !== 'MemberExpression') return undefined;
  const head = dotted(node.firstChild, text);
  const tail = tailOf(node, text);
  return head === undefined || tail === undefined ? undefined : `${head}.${tail}`;
}

function tailOf(node: SyntaxNode, text: string): string | undefined {
  const tail = node.lastChild;
  if (tail === null) return undefined;
  if (/^(Private)?PropertyName$/.test(tail.name)) return textOf(tail, text);
  const key = childrenOf(node).find(({ name, from }) => name === 'String' && from > node.from);
  return key === undefined ? undefined : unescaped(text.slice(key.from + 1, key.to - 1));
}

function calleeOf(node: SyntaxNode | null, text: string): string {
  if (node === null) return '?';
  const name = dotted(node, text);
  if (name !== undefined) return name;
  if (node.name === 'CallExpression' || node.name === 'NewExpression')
    return `${calleeOf(calledIn(node), text)}()`;
  if (/^(InstantiationExpression|AwaitExpression|ParenthesizedExpression)$/.test(node.name))
    return calleeOf(partsOf(node)[0] ?? null, text);
  const tail = node.name === 'MemberExpression' ? tailOf(node, text) : undefined;
  return tail === undefined ? '?' : `${calleeOf(node.firstChild, text)}.${tail}`;
}

function calledIn(node: SyntaxNode): SyntaxNode | null {
  return partsOf(node)[0] ?? null;
}

function call(node: SyntaxNode, text: string): Shape | undefined {
  const list = node.getChild('ArgList');
  if (list === null) return undefined;
  const args = commaGroups(list).flatMap((group) => {
    const value = group.at(-1);
    return value === undefined ? [] : [{ name: group[0]?.name === 'Spread' ? '*' : undefined, value }];
  });
  const called = calledIn(node);
  const plain = dotted(called, text) !== undefined;
  return {
    kind: 'call',
    callee: calleeOf(called, text),
    on: plain ? undefined : (called ?? undefined),
    args,
  };
}

function object(node: SyntaxNode, text: string): Shape {
  let open = false;
  const entries = node.getChildren('Property').flatMap((property) => {
    const [key, ...rest] = childrenOf(property);
    const value = rest.at(-1) ?? key;
    if (key === undefined || value === undefined) return [];
    const name =
      key.name === 'PropertyDefinition'
        ? textOf(key, text)
        : key.name === 'String'
          ? unescaped(text.slice(key.from + 1, key.to - 1))
          : undefined;
    if (name === undefined) open = true;
    return key.name === 'Spread' ? [{ key: undefined, value }] : [{ key: name, value }];
  });
  return { kind: 'record', entries, open };
}

function declaration(node: SyntaxNode, text: string): Shape {
  const parts = partsOf(node).filter(({ name }) => name !== 'TypeAnnotation');
  const [target, value] = parts;
  if (parts.length === 2 && target?.name === 'VariableDefinition' && value)
    return { kind: 'assignment', target: textOf(target, text), value };
  return { kind: 'binding', names: parts.flatMap((each) => definitionsIn(each, text)) };
}

function assignment(node: SyntaxNode, text: string): Shape | undefined {
  const children = childrenOf(node);
  const sign = children.findIndex(({ name }) => name === 'Equals');
  const value = children[sign + 1];
  const target = children.findLast(
    ({ name }, at) => at < sign && /^(Member|Variable|Property|Private)/.test(name),
  );
  const name = dotted(target ?? null, text);
  if (sign < 0 || value === undefined || name === undefined) return undefined;
  // A field is spoken of as `this.field`.
  const field = node.name === 'PropertyDeclaration' && !/\bstatic\b/.test(text.slice(node.from, value.from));
  return { kind: 'assignment', target: field ? `this.${name}` : name, value };
}

function parameters(node: SyntaxNode, text: string): Shape {
  const groups = commaGroups(node);
  const defaults = groups.flatMap((group) => {
    const sign = group.findIndex(({ name }) => name === 'Equals');
    const [name, value] = [group.find(({ name: kind }) => kind === 'VariableDefinition'), group[sign + 1]];
    return sign > 0 && name && value ? [{ name: textOf(name, text), value }] : [];
  });
  return { kind: 'parameters', names: definitionsIn(node, text), defaults };
}

function definitionsIn(node: SyntaxNode, text: string): string[] {
  if (node.name === 'VariableDefinition') return [textOf(node, text)];
  if (/Expression|Function|String/.test(node.name)) return [];
  return childrenOf(node).flatMap((child) => definitionsIn(child, text));
}

function forNames(node: SyntaxNode, text: string): string[] {
  const spec = node.getChild('ForOfSpec') ?? node.getChild('ForInSpec');
  return spec === null ? [] : definitionsIn(spec, text);
}

/** `const f = () => …` is called f as well. */
function functionName(node: SyntaxNode, text: string): string | undefined {
  const own = childrenOf(node).find(({ name }) =>
    /^(Variable|Property|PrivateProperty)Definition$/.test(name),
  );
  const around =
    node.parent?.name === 'VariableDeclaration' ? node.parent.getChild('VariableDefinition') : null;
  const name = own ?? around ?? undefined;
  return name === undefined ? undefined : textOf(name, text);
}
