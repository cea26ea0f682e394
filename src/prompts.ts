// Questions to a person at a terminal; inquirer is loaded only when one is asked.
import type { Writable } from 'node:stream';
import { clean } from './render/text.js';

export interface Terminal {
  /** stderr: stdout carries data alone. */
  output: Writable;
  signal: AbortSignal;
}

/** Yes or no; no is the default. */
export async function confirm(message: string, terminal: Terminal): Promise<boolean> {
  const { default: ask } = await import('@inquirer/confirm');
  return ask({ message: clean(message), default: false }, terminal);
}

/** One of the choices. */
export async function select(
  message: string,
  choices: readonly string[],
  terminal: Terminal,
): Promise<string> {
  const { default: ask } = await import('@inquirer/select');
  const shown = choices.map((value) => ({ name: clean(value), value }));
  return ask({ message: clean(message), choices: shown, pageSize: 15 }, terminal);
}

/** A text that is not shown while it is typed. */
export async function hidden(message: string, terminal: Terminal): Promise<string> {
  const { default: ask } = await import('@inquirer/password');
  return ask({ message, mask: false }, terminal);
}
