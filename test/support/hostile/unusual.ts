// JSON that is valid and of the right shape, yet meant to hurt whoever prints, stores or walks it.
import type { CannedRow } from './canned.js';

const LONG = 'n'.repeat(10_000);
const DEPTH = 1000;

/** Sequences that must never reach a terminal; each is in a name, a URL and a metadata key and value below. */
export const TERMINAL_ATTACKS = {
  clearScreen: '\u001b[2J\u001b[1;1H',
  colour: '\u001b[31m',
  windowTitle: '\u001b]0;owned\u0007',
  hyperlink: '\u001b]8;;http://evil.example\u0007',
  eightBitCsi: '\u009b31m',
  newLine: 'healthy\nasr-service  healthy  1/1',
  carriageReturn: 'down\rup  ',
  backspaces: 'down\b\b\b\bup',
  nul: 'a\u0000b',
  delete: 'a\u007fb',
  bidiOverride: 'evil\u202ecod.exe',
  bidiIsolate: '\u2066hidden\u2069',
  zeroWidth: 'asr\u200b-service\ufeff',
  lineSeparator: 'a\u2028b\u2029c',
} as const;

export function unusualRows(): CannedRow[] {
  const attacks = Object.entries(TERMINAL_ATTACKS).map(([name, text]) => ({
    service_name: `${name} ${text}`,
    service_url: `http://${name.toLowerCase()}:8090/${text}`,
    service_metadata: { status: 'healthy', [`key ${text}`]: `value ${text}`, nested: { list: [text] } },
  }));
  const odd = [
    row(LONG, `http://long:8090/${LONG}`, { [LONG]: LONG }),
    row('deep', 'http://deep:8090', { tree: nested(DEPTH) }),
    row('prototype', 'http://prototype:8090', prototypeKeys()),
    row('__proto__', 'http://proto:8090', {}),
    row('constructor', 'http://constructor:8090', {}),
    row('toString', 'http://to-string:8090', {}),
    row('=HYPERLINK("http://evil.example")', 'http://formula:8090', {}),
    row('--help', 'http://flag:8090', {}),
    row('../../etc/passwd', 'http://dots:8090', {}),
    row('a/b', 'http://slash:8090', {}),
    row('', 'http://empty:8090', {}),
    row('script-url', 'javascript:alert(1)', {}),
    row('file-url', 'file:///etc/passwd', {}),
    row('credentials-url', 'http://user:hunter2@credentials:8090', {}),
    row('broken-url', 'http://[::1', {}),
    row('empty-url', '', {}),
    row('numbers', 'http://numbers:8090', { big: Number.MAX_SAFE_INTEGER + 2, tiny: -0, float: 1e300 }),
  ];
  return [...attacks, ...odd];
}

function row(service_name: string, service_url: string, metadata: object): CannedRow {
  return { service_name, service_url, service_metadata: { ...metadata, status: 'healthy' } };
}

function nested(depth: number): unknown {
  let tree: unknown = 'bottom';
  for (let level = 0; level < depth; level += 1) tree = level % 2 === 0 ? { down: tree } : [tree];
  return tree;
}

/** Parsed from text, because only so does `__proto__` become a key instead of a prototype. */
function prototypeKeys(): object {
  return JSON.parse(
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"hasOwnProperty":1}',
  );
}
