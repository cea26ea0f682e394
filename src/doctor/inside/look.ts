// One look: runs the script where the service runs, and says why where nothing comes of it.
import { randomBytes } from 'node:crypto';
import type { Secret } from '../../secret.js';
import { type Finding, finding } from '../check.js';
import type { Exec } from '../context.js';
import { readAnswer, tail, type View } from './answer.js';
import { MAX_OUTPUT_BYTES, run } from './command.js';
import { type Questions, script } from './script.js';

export interface Looked {
  view: View;
  /** Of `view.secret.digest`. */
  nonce: string;
  /** Milliseconds since 1970 between which the script ran. */
  began: number;
  ended: number;
}

export interface Where {
  exec: Exec;
  folder: string;
  signal: AbortSignal;
  now(): number;
  /** Must not be in what the command complains of, which is shown. */
  secret: Pick<Secret, 'appearsIn'> | undefined;
}

/** Runs the script by the command of `exec`; a finding where it could not be carried out. Rejects on abort. */
export async function look(where: Where, questions: Omit<Questions, 'nonce'>): Promise<Looked | Finding> {
  const { folder, signal, now, secret } = where;
  const { command: exec, timeoutMs } = where.exec;
  const nonce = randomBytes(16).toString('hex');
  const began = now();
  const ran = await run(`${exec} sh -s`, script({ ...questions, nonce }), {
    folder,
    signal,
    timeoutMs,
  });
  const complaint = (stderr: string) =>
    secret?.appearsIn(stderr) ? 'what it says has JWT_SECRET in it' : tail(stderr);
  switch (ran.kind) {
    case 'timed-out':
      return finding('INSIDE_TIMED_OUT', { exec, seen: complaint(ran.stderr), seconds: timeoutMs / 1000 });
    case 'too-much':
      return finding('INSIDE_NO_ANSWER', { exec, seen: `printed more than ${MAX_OUTPUT_BYTES / 1024} KiB` });
    case 'failed':
      return finding('INSIDE_COMMAND_FAILED', { exec, ended: 'an error of the system', seen: ran.cause });
    case 'ended': {
      const view = readAnswer(ran.stdout, nonce);
      if (typeof view !== 'string') return { view, nonce, began, ended: now() };
      if (ran.code === 0) return finding('INSIDE_NO_ANSWER', { exec, seen: view });
      const ended = ran.code === null ? `signal ${ran.signal}` : `exit code ${ran.code}`;
      return finding('INSIDE_COMMAND_FAILED', { exec, ended, seen: complaint(ran.stderr) });
    }
  }
}
