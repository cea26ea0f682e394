import type { Sample } from './sample.js';

export const JAVASCRIPT: Sample[] = [
  {
    name: 'CommonJS',
    code: "'use strict';\nconst http = require('http');\nhttp.get('http://10.0.5.3:8000/data');\nmodule.exports = { jwtSecret: 's3cr3t-of-the-team' };",
    found: ['ADDRESS_HARDCODED 3', 'SECRET_HARDCODED 4'],
  },
  {
    name: 'an ES module',
    file: 'main.mjs',
    code: "await fetch('http://10.0.5.3')",
    found: ['ADDRESS_HARDCODED 1'],
  },
  {
    name: 'a CommonJS module',
    file: 'main.cjs',
    code: "fetch('http://10.0.5.3')",
    found: ['ADDRESS_HARDCODED 1'],
  },
  {
    name: 'JSX',
    file: 'main.jsx',
    code: 'export const A = () => <a href="http://10.0.5.3/x" onClick={() => fetch(\'http://10.0.5.4/\')}>http://10.0.5.5</a>;',
    found: ['ADDRESS_HARDCODED 1'],
  },
  {
    name: 'TypeScript with JSX',
    file: 'main.tsx',
    code: "const f = async (x: string): Promise<void> => { await fetch('http://10.0.5.3'); };\nexport const A = (): JSX.Element => <p>{f('a')}</p>;",
    found: ['ADDRESS_HARDCODED 1'],
  },
  { name: 'a declaration file', file: 'main.d.ts', code: "declare const a: 'http://10.0.5.3';", found: [] },
  { name: 'a minified file', file: 'main.min.js', code: "fetch('http://10.0.5.3')", found: [] },
  {
    name: 'exports of many names, a comment of many lines, a swap, a statement that begins with !',
    code: [
      'module.exports = {',
      ...Array.from({ length: 150 }, (_, index) => `  name${index},`),
      '  re: internal.re,',
      '};',
      "const one = require('one');",
      '/**',
      ...Array.from({ length: 60 }, () => ' * ```'),
      ' */',
      'async function execute(options) {',
      "  return (0, one.run)(options.args ?? [], options.base ?? '').then(async () => {});",
      '}',
      'class A { #a',
      '  [kClosed] = false;',
      '}',
      'count--;',
      '[list[0], list[1]] = [list[1], list[0]];',
      'code = code.trim()',
      '!code && (code = 0XFF)',
    ].join('\n'),
    found: [],
  },
];
