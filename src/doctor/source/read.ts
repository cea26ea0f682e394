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
/** Steps of the parser between two looks at the clock. */
const STEPS = 2_000;

/** Nested deeper than can be followed. */
export class TooDeep extends Error {}

/** Reads a file; throws TooDeep, and the signal's reason when it fires. */
export async function readCode(
  path: string,
  text: string,
  language: Language,
  signal: AbortSignal,
): Promise<CodeFile> {
  const prepared = language.prepare?.(text) ?? text;
  const tree = await parse(prepared, language, signal);
  const builder = new Builder(text, language);
  const root = builder.build(tree.topNode, undefined, 0);
  const nodes = [...within(root)];
  return {
    path,
    language: language.name,
    text,
    root,
    comments: builder.comments,
    nodes,
    bindings: bindings(nodes, builder.unknowns),
    errorAt: builder.errors[0],
  };
}

/** Lets others have their turn between steps, so that a large file holds nobody up. */
async function parse(text: string, { parser }: Language, signal: AbortSignal): Promise<Tree> {
  const parsing = parser.startParse(text);
  for (;;) {
    for (let step = 0; step < STEPS; step += 1) {
      const tree = parsing.advance();
      if (tree !== null) return tree;
    }
    await breathe();
    signal.throwIfAborted();
  }
}

class Builder {
  readonly comments: Comment[] = [];
  /** Names of parameters and the like. */
  readonly unknowns: string[] = [];
  /** Where the grammar could not follow. */
  readonly errors: number[] = [];

  constructor(
    private readonly text: string,
    private readonly language: Language,
  ) {}

  build(node: SyntaxNode, parent: Code | undefined, depth: number): Code {
    if (depth > MAX_DEPTH) throw new TooDeep();
    if (node.type.isError) this.errors.push(node.from);
    const shape = node.type.isError ? undefined : this.language.shape(node, this.text);
    if (shape === undefined) return this.transparent(node, parent, depth);
    return this.shaped(node, shape, parent, depth);
  }

  /** What has one child alone is that child: parentheses, `await`, statements. */
  private transparent(node: SyntaxNode, parent: Code | undefined, depth: number): Code {
    const made = other(node.from, parent);
    this.below(node, made, depth);
    const [only] = made.children;
    if (only === undefined || made.children.length > 1) return made;
    only.parent = parent;
    return only;
  }

  private shaped(node: SyntaxNode, shape: Shape, parent: Code | undefined, depth: number): Code {
    const at = node.from;
    const base = { at, parent, children: [] as Code[] };
    const add = (into: Code, child: SyntaxNode) => this.add(into, child, depth);
    switch (shape.kind) {
      case 'comment':
        this.comments.push({ at, end: node.to, text: this.text.slice(at, node.to) });
        return other(at, parent);
      case 'nothing':
        // An error below is one all the same.
        this.look(node);
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
            push(made, { kind: 'text', value: part.value, at: part.at, children: [], parent: made });
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
        return this.assignment(at, shape.target, shape.value, parent, depth);
      case 'parameters': {
        const made = other(at, parent, 'parameter');
        this.unknowns.push(...shape.names);
        for (const { name, value } of shape.defaults)
          push(made, this.assignment(value.from, name, value, made, depth));
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
        this.below(node, made, depth);
        return made;
      }
      case 'function':
      case 'loop': {
        if (shape.kind === 'loop') this.unknowns.push(...shape.names);
        const made: Code =
          shape.kind === 'loop' ? { kind: 'loop', ...base } : { kind: 'function', name: shape.name, ...base };
        this.below(node, made, depth);
        return made;
      }
    }
  }

  private assignment(
    at: number,
    target: string,
    value: SyntaxNode,
    parent: Code | undefined,
    depth: number,
  ): Code {
    const empty = other(value.from, undefined);
    const made: Code = { kind: 'assignment', target, value: empty, at, parent, children: [] };
    made.value = this.add(made, value, depth);
    return made;
  }

  private add(into: Code, node: SyntaxNode, depth: number): Code {
    const made = this.build(node, into, depth + 1);
    push(into, made);
    return made;
  }

  private below(node: SyntaxNode, into: Code, depth: number): void {
    for (const child of childrenOf(node)) {
      const made = this.build(child, into, depth + 1);
      if (made.kind !== 'other' || made.children.length > 0) push(into, made);
    }
  }

  private look(node: SyntaxNode): void {
    node.cursor().iterate(({ type, from }) => {
      if (type.isError) this.errors.push(from);
    });
  }
}

function isLiteral(part: Literal | SyntaxNode): part is Literal {
  return 'value' in part;
}

function other(at: number, parent: Code | undefined, role?: Role): Code {
  return { kind: 'other', role, at, parent, children: [] };
}

function push(into: Code, child: Code): void {
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
