// What a language is: how its files are named, its grammar, and what the nodes of that grammar mean. A new one is a file in `languages/`.

import type { Parser, SyntaxNode } from '@lezer/common';
import type { Role } from './code.js';

/** A piece of text inside another, at an offset. */
export interface Literal {
  value: string;
  at: number;
}

/** What a node of a grammar means; undefined is nothing in itself: what is below it is looked at. */
export type Shape =
  | { kind: 'text'; value: string }
  | { kind: 'template'; parts: readonly (Literal | SyntaxNode)[] }
  | { kind: 'name'; name: string }
  | { kind: 'number'; value: number }
  | { kind: 'arithmetic'; operator: string; operands: readonly SyntaxNode[] }
  | {
      kind: 'call';
      callee: string;
      on?: SyntaxNode | undefined;
      args: readonly { name?: string | undefined; value: SyntaxNode }[];
    }
  | {
      kind: 'record';
      entries: readonly { key: string | undefined; value: SyntaxNode }[];
      open: boolean;
    }
  | { kind: 'assignment'; target: string; value: SyntaxNode }
  /** Parameters and their defaults. */
  | {
      kind: 'parameters';
      names: readonly string[];
      defaults: readonly { name: string; value: SyntaxNode }[];
    }
  /** Names that get a value which cannot be told. */
  | { kind: 'binding'; names: readonly string[] }
  | { kind: 'function'; name: string | undefined }
  | { kind: 'loop'; names: readonly string[] }
  | { kind: 'fallback'; value: SyntaxNode; otherwise: SyntaxNode }
  | { kind: 'role'; role: Role }
  /** Comments, types, imports, doc strings. */
  | { kind: 'nothing' };

export interface Language {
  name: string;
  parser: Parser;
  /** Makes what the grammar does not know into what it does, without moving anything; what it says is read from the text itself. */
  prepare?(text: string): string;
  shape(node: SyntaxNode, text: string): Shape | undefined;
}

interface Entry {
  name: string;
  extensions: RegExp;
  load(): Promise<(path: string) => Language>;
}

/** Grammars are loaded where a file of theirs is read, and not before. */
export const LANGUAGES: readonly Entry[] = [
  {
    name: 'Python',
    extensions: /\.pyw?$/,
    load: async () => {
      const { python } = await import('./languages/python.js');
      return () => python;
    },
  },
  {
    name: 'TypeScript',
    extensions: /\.([mc]?ts|tsx)$/,
    load: async () => (await import('./languages/ecmascript.js')).ecmascript,
  },
  {
    name: 'JavaScript',
    extensions: /\.([mc]?js|jsx)$/,
    load: async () => (await import('./languages/ecmascript.js')).ecmascript,
  },
  {
    name: 'Go',
    extensions: /\.go$/,
    load: async () => {
      const { go } = await import('./languages/go.js');
      return () => go;
    },
  },
  {
    name: 'Java',
    extensions: /\.java$/,
    load: async () => {
      const { java } = await import('./languages/java.js');
      return () => java;
    },
  },
];

/** The language of a file, by its name. */
export function languageOf(path: string): Entry | undefined {
  return LANGUAGES.find(({ extensions }) => extensions.test(path));
}
