// Apart from style.ts: chalk is loaded where something is printed in colour.
import { Chalk } from 'chalk';
import type { Style } from './style.js';

const { green, yellow, red, dim, bold } = new Chalk({ level: 1 });

/** For a terminal. */
export const COLOURS: Style = { good: green, warn: yellow, bad: red, dim, bold };
