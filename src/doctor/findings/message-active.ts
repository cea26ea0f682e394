import { entry } from './entry.js';

type Answered = { instance: string; status: number; said: string; reproduce: string };

export const MESSAGE_ACTIVE = {
  VALID_TOKEN_REFUSED: entry<Answered>('fail', {
    seen: (p) =>
      `${p.instance} refused a message with a valid token (${p.status}: ${p.said}): no other service can call it`,
    remedy: () =>
      'Its JWT_SECRET is another than the one here: compare both with what the Coordinator handed out. If they are the same, it checks more than the guide does (algorithm HS256, audience, issuer, service_id), or its clock is wrong.',
    reproduce: (p) => p.reproduce,
  }),
  MESSAGE_CRASHES: entry<Answered>('fail', {
    seen: (p) => `${p.instance} broke on a well-formed message with a valid token (${p.status}: ${p.said})`,
    remedy: () =>
      'Look at its log. What it cannot do with a message is an answer of its own: 400 for a type or an action that it does not know.',
    reproduce: (p) => p.reproduce,
  }),
  UNKNOWN_TYPE_ACCEPTED: entry<Answered>('warn', {
    seen: (p) => `${p.instance} accepted a message of a type that does not exist (${p.status})`,
    remedy: () =>
      'The sender takes it for done. Know command, query and event, and answer 400 "Unknown message type" to everything else.',
    reproduce: (p) => p.reproduce,
  }),
  TRACE_MISSING: entry<{ instance: string; reproduce: string }>('warn', {
    seen: (p) => `the answer of ${p.instance} has no trace_id`,
    remedy: () =>
      'Answer {"received": true, "trace_id": message.trace_id, …} and hand the same trace_id on to every service that is called meanwhile.',
    reproduce: (p) => p.reproduce,
  }),
  TRACE_CHANGED: entry<{ instance: string; reproduce: string }>('fail', {
    seen: (p) => `the answer of ${p.instance} has another trace_id than the message`,
    remedy: () =>
      'Make a trace id only where the message has none; else log, hand on and answer the one that came.',
    reproduce: (p) => p.reproduce,
  }),
  ANSWER_LEAKS: entry<{ instance: string; what: string; leak: string; reproduce: string }>('fail', {
    seen: (p) => `the answer of ${p.instance} to ${p.what} has ${p.leak} in it`,
    remedy: () =>
      'Whoever is refused learns how the service is built, and now and then a password. Switch debug mode off, and answer a failure with {"detail": …} alone; the stack trace belongs in the log.',
    reproduce: (p) => p.reproduce,
  }),
};
