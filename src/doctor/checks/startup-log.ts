// registration.startup-log: the guide's log messages, in the file of --logs.
import { constants, createReadStream, fstatSync, open } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify, stripVTControlCharacters } from 'node:util';
import { finding, found, notApplicable, pass, serviceCheck } from '../check.js';

export const startupLog = serviceCheck({
  id: 'registration.startup-log',
  title: 'The log of its start says that it registered',
  about:
    'With --logs FILE: looks for the messages of the guide, "Registered NAME with service registry as instance ID" for success, "Service registry registration skipped/failed" and "Service registry registration error" for failure. The last one in the file counts.',
  checklist: ['debug.5'],
  codes: ['LOG_SAYS_FAILED', 'LOG_SAYS_NOTHING', 'LOG_UNREADABLE'],
  async run({ service, logFile: file, signal }) {
    if (file === undefined) return notApplicable('no log is given: --logs FILE');
    try {
      const last = await lastMessage(file, service, signal);
      if (last === undefined) return found(finding('LOG_SAYS_NOTHING', { file }));
      return last.registered ? pass(last.line) : found(finding('LOG_SAYS_FAILED', { file, line: last.line }));
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      return found(finding('LOG_UNREADABLE', { file, cause }));
    }
  },
});

/** The guide's words. The short ones count as it writes them: "User registered as admin" is about something else. */
const FAILURE = /service registry registration (skipped\/failed|error|failed)/i;
const FAILED = /\bRegistration failed\b/;
const SUCCESS = /\bregistered (\S+) with service registry as (?:instance )?\S+/i;
const SUCCEEDED = /\bRegistered as (?:instance )?\S+/;

/** Characters of a line that are looked at; structured logs put much before the message. */
const MAX_LINE = 4_096;
const MAX_SHOWN = 300;

/** The last message about the registration of `service`; one that names another service is not about it. */
async function lastMessage(file: string, service: string, signal: AbortSignal) {
  let last: { registered: boolean; line: string } | undefined;
  for await (const whole of linesOf(file, signal)) {
    // Colours end in a letter, right before the word.
    const text = stripVTControlCharacters(whole.slice(0, MAX_LINE)).trim();
    const line = text.slice(0, MAX_SHOWN);
    const named = SUCCESS.exec(text)?.[1];
    if (named === service || (named === undefined && SUCCEEDED.test(text))) last = { registered: true, line };
    else if ((FAILURE.test(text) || FAILED.test(text)) && !concernsAnother(text, service))
      last = { registered: false, line };
  }
  return last;
}

/** The lines of a file, of which one without end fills no memory. */
async function* linesOf(file: string, signal: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of await read(file, signal)) {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    yield* lines;
  }
  yield rest;
}

/** Also a pipe, as of `--logs <(docker logs my-service)`. An open that waits for its writer would outlive the run. */
async function read(file: string, signal: AbortSignal): Promise<Readable> {
  const fd = await promisify(open)(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  if (!fstatSync(fd).isFIFO()) return createReadStream(file, { fd, encoding: 'utf8', signal });
  return new Socket({ fd, readable: true, writable: false, signal }).setEncoding('utf8');
}

function concernsAnother(line: string, service: string): boolean {
  const named = /skipped\/failed for (\S+)/i.exec(line)?.[1];
  return named !== undefined && named !== service;
}
