// registration.startup-log: the guide's log messages, in the file of --logs.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
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

const FAILURE = /service registry registration (skipped\/failed|error|failed)|\bregistration failed\b/i;
const SUCCESS = /\bregistered (?:(\S+) with service registry )?as (?:instance )?\S+/i;
const MAX_LINE = 300;

/** The last message about the registration of `service`; one that names another service is not about it. */
async function lastMessage(file: string, service: string, signal: AbortSignal) {
  let last: { registered: boolean; line: string } | undefined;
  const lines = createInterface({ input: createReadStream(file, { encoding: 'utf8', signal }) });
  for await (const whole of lines) {
    const line = whole.slice(0, MAX_LINE).trim();
    const success = SUCCESS.exec(line);
    if (success && (success[1] === undefined || success[1] === service)) last = { registered: true, line };
    else if (FAILURE.test(line) && !concernsAnother(line, service)) last = { registered: false, line };
  }
  return last;
}

function concernsAnother(line: string, service: string): boolean {
  const named = /skipped\/failed for (\S+)/i.exec(line)?.[1];
  return named !== undefined && named !== service;
}
