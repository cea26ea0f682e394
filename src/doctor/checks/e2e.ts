// e2e.calls-another-service: the one way that all the rest is for, gone once.
import { randomUUID } from 'node:crypto';
import { postMessage } from '../../messaging/send.js';
import type { Service } from '../../registry-client/client.js';
import { serviceUrlProblem } from '../../wire/urls.js';
import { attempt, because } from '../attempt.js';
import { CANARY_SERVICE } from '../canary.js';
import { blockedBy, deploymentCheck, type Finding, finding, found, notApplicable, pass } from '../check.js';
import type { DoctorContext } from '../context.js';
import { jwtSecret, usesTokens } from './env.js';
import { idOf, TTL_S } from './message.js';
import { PING, traceIdOf } from './message-active.js';
import { saidBy } from './message-leaks.js';
import { api } from './registry-api.js';

/** Of the services there are, so many are tried until one answers. */
const MOST_TRIED = 3;

export const callsAnotherService = deploymentCheck({
  id: 'e2e.calls-another-service',
  title: 'Another service is found, called, and answers with the same trace id',
  about: `Does what a service does: asks the registry for another service (one that --service names too, else those of the list, at most ${MOST_TRIED}), sends it a query {"action":"ping","regctl_doctor":true} with a token in the name of SERVICE_ID, and compares the trace ids. Passes with the first that answers; one without POST /message is passed over. A refusal of the message itself (400, 422) is an answer.`,
  checklist: ['integration.6'],
  effects: 'write',
  requires: [api],
  codes: [
    'CALL_NOT_DISCOVERED',
    'CALL_UNANSWERED',
    'CALL_REFUSED',
    'CALL_FAILED',
    'CALL_TRACE_LOST',
    'TOKEN_WITHHELD',
  ],
  timeoutMs: 40_000,
  async run(context, [{ services }]) {
    if (!usesTokens(context)) return notApplicable('there is no JWT_SECRET and no SERVICE_ID');
    if (context.secret === undefined) return blockedBy(jwtSecret, 'JWT_SECRET is not set');
    const peers = others(context, services);
    if (peers.length === 0)
      return notApplicable(
        services === null
          ? 'this registry cannot list services: name another one with a second --service'
          : 'no other service is listed as healthy',
      );
    const made = await attempt(() => context.token({ service_id: idOf(context), ageS: 0, ttlS: TTL_S }));
    if (made.error?.code === 'INVALID_SETTING') return blockedBy(jwtSecret, because(made.error));
    if (made.error) return found(finding('TOKEN_WITHHELD', { why: because(made.error) }));
    const findings: Finding[] = [];
    for (const peer of peers) {
      const called = await call(peer, made.value, context);
      if (called.kind === 'answered') return pass(called.seen);
      if (called.kind === 'problem') findings.push(called.finding);
    }
    if (findings.length > 0) return found(findings);
    return notApplicable(`${peers.join(', ')}: no other service takes messages`);
  },
});

/** Whom to call: named ones first, then those of the list that are not known to be ill; never oneself. */
function others(
  { services: examined, variable }: DoctorContext,
  listed: readonly Service[] | null,
): string[] {
  const own = variable('SERVICE_NAME')?.value ?? examined[0];
  const rows = (listed ?? [])
    .filter(({ status }) => status === 'healthy')
    .map(({ service_name }) => service_name)
    .sort();
  const names = new Set([...examined, ...rows]);
  return [...names].filter((name) => name !== own && name !== CANARY_SERVICE).slice(0, MOST_TRIED);
}

type Called = { kind: 'answered'; seen: string } | { kind: 'problem'; finding: Finding } | { kind: 'mute' };

async function call(peer: string, token: string, context: DoctorContext): Promise<Called> {
  const problem = (made: Finding): Called => ({ kind: 'problem', finding: made });
  const picked = await attempt(async () => (await context.registry.client()).pickUrl(peer));
  if (picked.error) return problem(finding('CALL_NOT_DISCOVERED', { peer, why: because(picked.error) }));
  const url = picked.value;
  const wrong = url === undefined ? 'the registry hands out no URL' : serviceUrlProblem(url);
  if (url === undefined || wrong !== undefined)
    return problem(finding('CALL_NOT_DISCOVERED', { peer, why: wrong ?? '' }));
  const trace_id = randomUUID();
  const sent = await attempt(() => postMessage(context.http, url, { ...PING, trace_id }, token));
  if (sent.error) return problem(finding('CALL_UNANSWERED', { peer, why: because(sent.error) }));
  const { status } = sent.value;
  const about = { peer, status, said: saidBy(sent.value, context.secret) };
  if (status === 404 || status === 405) return { kind: 'mute' };
  if (status === 401 || status === 403) return problem(finding('CALL_REFUSED', about));
  if (status >= 500) return problem(finding('CALL_FAILED', about));
  if (status >= 400)
    return {
      kind: 'answered',
      seen: `${peer} took the token, not the message (${status}: ${about.said}); no trace id to compare`,
    };
  if (traceIdOf(sent.value) !== trace_id) return problem(finding('CALL_TRACE_LOST', { peer }));
  return { kind: 'answered', seen: `${peer} answered with the trace id of the message, ${trace_id}` };
}
