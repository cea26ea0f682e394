// What an answer to a caller must not have in it: the inside of the service.
import type { Secret } from '../../secret.js';

/** Each kind of leak by a text that nothing but it has: an error class alone may be a code of the API. */
const LEAKS: readonly { what: string; pattern: RegExp }[] = [
  { what: 'a Python stack trace', pattern: /Traceback \(most recent call last\)|\bFile "[^"\n]+", line \d+/ },
  {
    what: 'a JavaScript stack trace',
    pattern: /\bat .{0,200}?[\w.-]+\.[cm]?[jt]sx?:\d+:\d+|at Object\.<anonymous>/,
  },
  {
    what: 'a Java stack trace',
    pattern: /\bat [\w.$<>]+\([\w$]+\.(java|kt|scala):\d+\)|Exception in thread "/,
  },
  { what: 'a Go stack trace', pattern: /\bgoroutine \d+ \[[a-z ]+\]:|\/[\w./-]+\.go:\d+/ },
  { what: 'the name of an exception class', pattern: /\b\w+(\.\w+)+(Error|Exception)\b/ },
  {
    what: 'a path of its source code',
    pattern: /(?:\/|\b[A-Z]:\\)(?:[\w.-]+[/\\])+[\w.-]+\.(py|js|ts|go|java|rb|php)\b/,
  },
  { what: 'a URL with a password', pattern: /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:[^\s/@"']+@/i },
];

/** What an error answer gives away, undefined where nothing; the text itself is not repeated. */
export function leakIn(text: string, secret: Pick<Secret, 'appearsIn'> | undefined): string | undefined {
  if (secret?.appearsIn(text)) return 'JWT_SECRET itself';
  return LEAKS.find(({ pattern }) => pattern.test(text.slice(0, MAX_LOOKED_AT)))?.what;
}

/** A leak shows early; the patterns are not meant for megabytes. */
const MAX_LOOKED_AT = 64 * 1024;
