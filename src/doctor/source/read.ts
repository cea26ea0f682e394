// From the text of a file to what the rules see.
import { setImmediate as breathe } from 'node:timers/promises';
import type { SyntaxNode, Tree } from '@lezer/common';
import { type Code, type CodeFile, type Comment, type Role, within } from './code.js';
import type { Language, Literal, Shape } from './language.js';
import { childrenOf } from './nodes.js';

/** Deeper is written by machines, and the stack is finite. */
const MAX_DEPTH = 1_000;
/** Characters of a name; of a longer one the end is kept. */
const MAX_NAME = 200;
/** Milliseconds that others wait for their turn. */
const SLICE_MS = 20;
/** Milliseconds of parsing; a file of 1 MiB that somebody wrote takes one or two seconds. */
const MAX_PARSING_MS = 5_000;

/** The file is beyond what can be followed; the message says why. */
export class TooHard extends Error {}

/** Reads a file; throws TooHard, and the signal's reason when it fires. */
export async function readCode(
  path: string,
  text: string,
  language: Language,
  signal: AbortSignal,
): Promise<CodeFile> {
  const prepared = language.prepare?.(text) ?? text;
  const tree = await parse(prepared, language, signal);
  const { comments, errorAt } = besides(tree, text);
  const builder = new Builder(text, language);
  const root = builder.build(tree.topNode, undefined);
  const nodes = [...within(root)];
  return {
    path,
    language: language.name,
    text,
    root,
    comments,
    nodes,
    bindings: bindings(nodes, builder.unknowns),
    errorAt,
  };
}

/** Lets others have their turn between steps, so that a large file holds nobody up, and one made to be hard not for long. */
async function parse(text: string, { parser }: Language, signal: AbortSignal): Promise<Tree> {
  const parsing = parser.startParse(text);
  for (let spent = 0; spent < MAX_PARSING_MS; ) {
    const since = performance.now();
    let taken = 0;
    for (; taken < SLICE_MS; taken = performance.now() - since) {
      const tree = parsing.advance();
      if (tree !== null) return tree;
    }
    spent += taken;
    await breathe();
    signal.throwIfAborted();
  }
  throw new TooHard(`it takes more than ${MAX_PARSING_MS / 1_000} s to parse`);
}

/** What stands anywhere: comments, and where the grammar could not follow. Throws TooHard where the tree is too deep. */
function besides(tree: Tree, text: string) {
  const comments: Comment[] = [];
  let errorAt: number | undefined;
  let depth = 0;
  tree.iterate({
    leave: () => {
      depth -= 1;
    },
    enter: ({ type, from: at, to: end }) => {
      depth += 1;
      if (depth > MAX_DEPTH) throw new TooHard('it is nested too deeply');
      if (type.isError) errorAt ??= at;
      else if (/^(Line|Block)?Comment$/.test(type.name))
        comments.push({ at, end, text: text.slice(at, end) });
    },
  });
  return { comments, errorAt };
}

class Builder {
  /** Names of parameters and the like. */
  readonly unknowns: string[] = [];

  constructor(
    private readonly text: string,
    private readonly language: Language,
  ) {}

  build(node: SyntaxNode, parent: Code | undefined): Code {
    const shape = node.type.isError ? undefined : this.language.shape(node, this.text);
    if (shape === undefined) return this.transparent(node, parent);
    return this.shaped(node, shape, parent);
  }

  /** What has one child alone is that child: parentheses, `await`, statements. */
  private transparent(node: SyntaxNode, parent: Code | undefined): Code {
    const made = other(node.from, parent);
    this.below(node, made);
    const [only] = made.children;
    if (only === undefined || made.children.length > 1) return made;
    only.parent = parent;
    return only;
  }

  private shaped(node: SyntaxNode, shape: Shape, parent: Code | undefined): Code {
    const at = node.from;
    const base = { at, parent, children: [] as Code[], index: 0 };
    const add = (into: Code, child: SyntaxNode) => this.add(into, child);
    switch (shape.kind) {
      case 'nothing':
        return other(at, parent);
      case 'name':
        return { kind: 'name', name: shape.name.slice(-MAX_NAME), ...base };
      case 'text':
      case 'number':
        return { ...shape, ...base };
      case 'template': {
        const made: Code = { kind: 'template', ...base };
        for (const part of shape.parts) {
          if (isLiteral(part))
            push(made, {
              kind: 'text',
              value: part.value,
              at: part.at,
              children: [],
              parent: made,
              index: 0,
            });
          else add(made, part);
        }
        return made;
      }
      case 'arithmetic': {
        const made: Code = { kind: 'arithmetic', operator: shape.operator, ...base };
        for (const operand of shape.operands) add(made, operand);
        return made;
      }
      case 'call': {
        const made: Code = {
          kind: 'call',
          callee: shape.callee.slice(-MAX_NAME),
          on: undefined,
          args: [],
          ...base,
        };
        if (shape.on !== undefined) made.on = add(made, shape.on);
        made.args = shape.args.map(({ name, value }) => ({ name, value: add(made, value) }));
        return made;
      }
      case 'record': {
        const made: Code = { kind: 'record', entries: [], open: shape.open, ...base };
        made.entries = shape.entries.map(({ key, value }) => ({ key, value: add(made, value) }));
        return made;
      }
      case 'assignment':
        return this.assignment(at, shape.target, shape.value, parent);
      case 'parameters': {
        const made = other(at, parent, 'parameter');
        this.unknowns.push(...shape.names);
        for (const { name, value } of shape.defaults)
          push(made, this.assignment(value.from, name, value, made));
        return made;
      }
      case 'fallback': {
        const made = other(at, parent);
        add(made, shape.value);
        const otherwise = other(shape.otherwise.from, made, 'fallback');
        add(otherwise, shape.otherwise);
        push(made, otherwise);
        return made;
      }
      case 'binding':
      case 'role': {
        if (shape.kind === 'binding') this.unknowns.push(...shape.names);
        const made = other(at, parent, shape.kind === 'role' ? shape.role : undefined);
        this.below(node, made);
        return made;
      }
      case 'function':
      case 'loop': {
        if (shape.kind === 'loop') this.unknowns.push(...shape.names);
        const made: Code =
          shape.kind === 'loop' ? { kind: 'loop', ...base } : { kind: 'function', name: shape.name, ...base };
        this.below(node, made);
        return made;
      }
    }
  }

  private assignment(at: number, target: string, value: SyntaxNode, parent: Code | undefined): Code {
    const empty = other(value.from, undefined);
    const made: Code = { kind: 'assignment', target, value: empty, at, parent, children: [], index: 0 };
    made.value = this.add(made, value);
    return made;
  }

  private add(into: Code, node: SyntaxNode): Code {
    const made = this.build(node, into);
    push(into, made);
    return made;
  }

  private below(node: SyntaxNode, into: Code): void {
    for (const child of childrenOf(node)) {
      const made = this.build(child, into);
      if (made.kind !== 'other' || made.children.length > 0) push(into, made);
    }
  }
}

function isLiteral(part: Literal | SyntaxNode): part is Literal {
  return 'value' in part;
}

function other(at: number, parent: Code | undefined, role?: Role): Code {
  return { kind: 'other', role, at, parent, children: [], index: 0 };
}

function push(into: Code, child: Code): void {
  child.index = into.children.length;
  (into.children as Code[]).push(child);
}

function bindings(nodes: readonly Code[], unknowns: readonly string[]): Map<string, Code | null> {
  const found = new Map<string, Code | null>(unknowns.map((name) => [name, null]));
  for (const node of nodes) {
    if (node.kind !== 'assignment') continue;
    found.set(node.target, found.has(node.target) ? null : node.value);
  }
  return found;
}
