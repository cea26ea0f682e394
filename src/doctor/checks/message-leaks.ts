// What an answer to a caller must not have in it: the inside of the service.
import type { HttpAnswer } from '../../http/http.js';
import { detailOf } from '../../registry-client/answers.js';
import type { Secret } from '../../secret.js';

const URL_WITH_PASSWORD = {
  what: 'a URL with a password',
  pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"']{0,100}:[^\s/@"']{1,200}@/i,
};

/**
 * Each kind of leak, by a text that nothing but it has: the class of an error alone may be a code of the API, and the
 * path of a script that of a page. Every repetition is bounded: who answers may mean to keep the doctor busy.
 */
const LEAKS: readonly { what: string; pattern: RegExp }[] = [
  {
    what: 'a Python stack trace',
    pattern: /Traceback \(most recent call last\)|\bFile "[^"\n]{1,300}", line \d/,
  },
  { what: 'a JavaScript stack trace', pattern: /\bat [^\n]{0,200}\.[cm]?[jt]sx?:\d+:\d+/ },
  { what: 'a Java stack trace', pattern: /\bat [\w.$<>]{1,300}\(\w{1,100}\.(java|kt|scala):\d+\)/ },
  { what: 'a Go stack trace', pattern: /\bgoroutine \d+ \[|\.go:\d+/ },
  { what: 'a PHP error', pattern: /\.php(:\d+| on line \d+)/ },
  { what: 'the name of an exception class', pattern: /\b(\w{1,60}\.){1,8}\w{0,60}(Error|Exception)\b/ },
  {
    what: 'a path of its source code',
    pattern:
      /(?:^|[\s"'(])(?:\/|[A-Z]:\\{1,2})(?:[\w.-]{1,100}[/\\]{1,2}){1,20}[\w.-]{1,100}\.(py|rb|java|go|ts)\b/,
  },
  URL_WITH_PASSWORD,
];

/** A leak shows early. */
const MAX_LOOKED_AT = 64 * 1024;

/** What an error answer gives away, undefined where nothing; the text itself is not repeated. */
export function leakIn(text: string, secret: Pick<Secret, 'appearsIn'> | undefined): string | undefined {
  if (secret?.appearsIn(text)) return 'JWT_SECRET itself';
  const beginning = text.slice(0, MAX_LOOKED_AT);
  return LEAKS.find(({ pattern }) => pattern.test(beginning))?.what;
}

/** Three parts of base64url, of which the first two begin as JSON does: a JWT, maybe the one that was sent. */
const TOKEN = { what: 'a token', pattern: /\beyJ[\w-]{5,}\.eyJ[\w-]{5,}\./ };

/** What an answer says, in a line, for a report: which is read by more people than may know a secret. */
export function saidBy(answer: HttpAnswer, secret: Pick<Secret, 'appearsIn'> | undefined): string {
  const said = detailOf(answer);
  const beginning = answer.text.slice(0, MAX_LOOKED_AT);
  const given =
    secret?.appearsIn(answer.text) || secret?.appearsIn(said)
      ? 'JWT_SECRET'
      : [URL_WITH_PASSWORD, TOKEN].find(({ pattern }) => pattern.test(beginning))?.what;
  return given === undefined ? said : `its text is left out, for it has ${given} in it`;
}
