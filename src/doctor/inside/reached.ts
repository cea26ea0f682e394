// What became of a request that some tool made, told by its exit code and its words (under LC_ALL=C).
import type { Said } from './answer.js';

export type Reached =
  | { kind: 'answered'; status: number }
  | { kind: 'dns' | 'refused' | 'unreachable' | 'timeout' | 'tls' | 'failed'; text: string };

type Failure = Exclude<Reached['kind'], 'answered'>;

/** curl(1), EXIT CODES; 7 is refused and unreachable alike, which its words tell apart. */
const CURL: Record<number, Failure> = { 6: 'dns', 28: 'timeout' };
const CURL_TLS = new Set([35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91]);

/** In this order: a timeout names the address too. The words of curl, both wgets, Python, Node and nc. */
const WORDS: readonly [Failure, RegExp][] = [
  [
    'dns',
    /bad address|could ?n.t resolve|unable to resolve|not known|name resolution|gaierror|ENOTFOUND|EAI_AGAIN|nodename nor servname/i,
  ],
  ['refused', /refused/i],
  ['unreachable', /unreach|no route to host/i],
  ['timeout', /timed out|ETIMEDOUT|^terminated$/i],
  ['tls', /certificate|\bSSL|\bTLS|CERT_|EPROTO|self.signed/i],
];

/** Exit codes of timeout(1), which ends what does not end by itself: of coreutils, of BusyBox. */
const STOPPED = new Set([124, 143]);

/** Tells apart what a GET came to. */
export function reached({ tool, code, text }: Said): Reached {
  const curl = tool === 'curl' && code !== 0;
  const failure =
    (curl && (CURL_TLS.has(code) ? 'tls' : CURL[code])) ||
    (STOPPED.has(code) ? 'timeout' : WORDS.find(([, words]) => words.test(text))?.[0]) ||
    (curl && code === 7 ? 'refused' : undefined);
  const status = curl ? undefined : /HTTP\/\d(?:\.\d)? ([1-5]\d\d)\b/.exec(text)?.[1];
  if (status !== undefined && failure !== 'timeout') return { kind: 'answered', status: Number(status) };
  const words = text.replace(/^curl: \(\d+\) | *HTTP\/1\.1 000\b|^.*(\.\.\. failed: |wget: |nc: )/g, '');
  return {
    kind: failure ?? 'failed',
    text: `${tool}: ${words === '' ? `exit code ${code}` : words}`.slice(0, 300),
  };
}
