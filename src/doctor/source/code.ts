// Code as the rules see it: one tree for every language, of what the guides speak about and nothing more.

interface Base {
  /** Offset in the file. */
  readonly at: number;
  readonly children: readonly Code[];
  parent: Code | undefined;
  /** Which of the parent's children it is. */
  index: number;
}

/** A string as written, its escapes resolved. */
export interface Text extends Base {
  kind: 'text';
  value: string;
}

/** Strings put together: f-string, template, `+`. */
export interface Template extends Base {
  kind: 'template';
}

/** `a`, `a.b.c`, and `a["b"]` as `a.b`. */
export interface Name extends Base {
  kind: 'name';
  name: string;
}

export interface Num extends Base {
  kind: 'number';
  value: number;
}

export interface Arithmetic extends Base {
  kind: 'arithmetic';
  operator: string;
}

export interface Argument {
  /** Undefined for one without a name. */
  readonly name: string | undefined;
  readonly value: Code;
}

export interface Call extends Base {
  kind: 'call';
  /** Dotted; `()` for what a call answers, `?` for what has no name: `client().post`. */
  callee: string;
  /** What it is called on, where that is more than a name. */
  on: Code | undefined;
  args: readonly Argument[];
}

/** A dict, an object, a map or struct literal. */
export interface Rec extends Base {
  kind: 'record';
  entries: readonly { key: string | undefined; value: Code }[];
  /** Something is spread into it: it may have other keys too. */
  open: boolean;
}

export interface Assignment extends Base {
  kind: 'assignment';
  target: string;
  value: Code;
}

export interface Func extends Base {
  kind: 'function';
  name: string | undefined;
}

export interface Loop extends Base {
  kind: 'loop';
}

/** What stands in for something: `fallback` after `or`, `parameter` in a signature, `settings` in a settings class. */
export type Role = 'fallback' | 'parameter' | 'settings' | 'compare';

export interface Other extends Base {
  kind: 'other';
  role: Role | undefined;
}

export type Code = Text | Template | Name | Num | Arithmetic | Call | Rec | Assignment | Func | Loop | Other;

export interface Comment {
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

/** One file, read. */
export interface CodeFile {
  /** As reports show it. */
  readonly path: string;
  readonly language: string;
  readonly text: string;
  readonly root: Code;
  readonly comments: readonly Comment[];
  /** Every node, in the order of the file. */
  readonly nodes: readonly Code[];
  /** What each name stands for, where that is plain: assigned once and never a parameter; else null. */
  readonly bindings: ReadonlyMap<string, Code | null>;
  /** Where the grammar could not follow; undefined where it could. */
  readonly errorAt: number | undefined;
}

/** Itself and all below it, in the order of the file. */
export function* within(code: Code): Generator<Code> {
  const waiting = [code];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next;
    for (let at = next.children.length - 1; at >= 0; at -= 1) {
      const child = next.children[at];
      if (child !== undefined) waiting.push(child);
    }
  }
}

/** From the parent up. */
export function* above(code: Code): Generator<Code> {
  for (let at = code.parent; at !== undefined; at = at.parent) yield at;
}

/** `c` of `a.b.c`. */
export function lastOf(dotted: string): string {
  return dotted.slice(dotted.lastIndexOf('.') + 1);
}

/** `a.b` of `a.b.c`; empty without a dot. */
export function receiverOf(dotted: string): string {
  return dotted.slice(0, Math.max(0, dotted.lastIndexOf('.')));
}

/** The function it stands in. */
export function functionOf(code: Code): Func | undefined {
  for (const each of above(code)) if (each.kind === 'function') return each;
  return undefined;
}
