// Code that was made to be hard: in every language it ends soon, and what could not be followed is told, never green.
import { expect, it } from 'vitest';
import { examineFiles } from './source/examine.js';

const many = (piece: string, bytes = 50_000) => piece.repeat(Math.floor(bytes / piece.length));
const numbered = (line: (index: number) => string) =>
  Array.from({ length: 5_000 }, (_, index) => line(index)).join('\n');

it.each([
  ['messages', 'main.py', numbered((index) => `m${index} = {"type": "query", "payload": 1, "trace_id": 1}`)],
  ['loops with heartbeats', 'main.py', many('while send_heartbeat(): pass\n')],
  ['loops with heartbeats', 'main.go', `package main\nfunc f() {\n${many('for { sendHeartbeat() }\n')}}`],
  ['headers without a scheme', 'main.py', many('x.replace("Bearer ", "")\n')],
  ['waivers', 'main.py', many('# regctl: allow source.trace-id because x\n')],
  ['URLs in one object', 'main.ts', `x = {${numbered((index) => `a${index}: 'http://10.0.5.3/',`)}}`],
  ['URLs in one call', 'Main.java', `class A { int x = f(${many('"http://10.0.5.3/", ')}1); }`],
])(
  '%s without end, in %s, are examined',
  async (_, path, code) => {
    const { unread, files } = await examineFiles({ [path]: code });
    expect([...files.values(), ...unread]).toEqual([1]);
  },
  20_000,
);

it.each([
  ['brackets', 'main.py', many('(')],
  ['f-strings', 'main.py', `x = ${many('f"{')}`],
  ['calls', 'main.js', `x${many('.a()')}`],
  ['braces', 'main.ts', many('{')],
  ['calls', 'main.go', `package main\nfunc f() { x${many('.a()')} }`],
  ['comments', 'Main.java', many('/*')],
  ['signs', 'main.ts', `export type ${many(' * ', 300_000)}`],
])(
  '%s without end, in %s, are told',
  async (_, path, code) => {
    const { unread } = await examineFiles({ [path]: code });
    expect(unread.map(({ code: each }) => each)).toEqual([expect.stringMatching(/^SOURCE_UN/)]);
  },
  40_000,
);
