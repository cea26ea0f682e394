// What message.no-leak takes for a leak, and what not.
import { describe, expect, it } from 'vitest';
import { leakIn } from '../../src/doctor/checks/message-leaks.js';
import { Secret } from '../../src/secret.js';

const SECRET = new Secret('a-secret-of-this-test-alone', 'the test');

const LEAKS: [what: string, text: string][] = [
  ['a Python stack trace', 'Traceback (most recent call last):\n  File "/app/main.py", line 87, in receive'],
  ['a Python stack trace', '{"detail":"  File \\"/app/main.py\\", line 87"}'.replaceAll('\\"', '"')],
  ['a JavaScript stack trace', 'TypeError: x\n    at Object.<anonymous> (/srv/app/index.js:10:5)'],
  ['a JavaScript stack trace', '{"stack":"Error: no\\n    at verify (file:///app/dist/auth.mjs:3:9)"}'],
  ['a Java stack trace', '\tat com.acme.asr.Filter.doFilter(Filter.java:42)'],
  ['a Go stack trace', 'panic: nil\n\ngoroutine 7 [running]:\nmain.handle()'],
  ['a PHP error', 'Fatal error: Uncaught in /var/www/message.php on line 12'],
  ['the name of an exception class', '{"detail":"jwt.exceptions.InvalidSignatureError"}'],
  ['the name of an exception class', 'java.lang.NullPointerException'],
  ['a path of its source code', '{"detail":"cannot import /app/services/asr/handlers.py"}'],
  ['a path of its source code', '{"at":"C:\\\\app\\\\main.py"}'],
  ['a URL with a password', 'cannot connect to postgresql://svc:hunter2@postgres/asr'],
  ['JWT_SECRET itself', `{"detail":"wrong key, expected ${'a-secret-of-this-test-alone'}"}`],
];

const NO_LEAKS = [
  '{"detail":"No token"}',
  '{"detail":[{"loc":["header","authorization"],"msg":"field required","type":"value_error.missing"}]}',
  '{"detail":[{"type":"missing","url":"https://errors.pydantic.dev/2.5/v/missing"}]}',
  '{"error":"InvalidTokenError"}',
  '{"error":"Error: token expired at 10:30:00"}',
  '<html><script src="/static/js/app.js"></script><a href="/index.php">home</a></html>',
  '{"detail":"see https://docs.example.com/errors/401 or http://asr-service:8090/docs"}',
  '{"contact":"ops@example.com","at":"2026-11-22T10:30:00Z"}',
  '',
];

describe('a leak', () => {
  it.each(LEAKS)('is %s: %s', (what, text) => {
    expect(leakIn(text, SECRET)).toBe(what);
  });

  it.each(NO_LEAKS)('is not %s', (text) => {
    expect(leakIn(text, SECRET)).toBeUndefined();
  });

  it('is looked for in a moment, whatever the answer is made of', () => {
    for (const piece of ['a.', '/a', 'at a', ' /a/', 'a://a:', 'aaaa', 'at ', '\\\\', 'File "']) {
      const began = performance.now();
      leakIn(piece.repeat(1_000_000 / piece.length), SECRET);
      expect(performance.now() - began, piece).toBeLessThan(1_000);
    }
  });
});
