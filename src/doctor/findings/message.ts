import { entry } from './entry.js';

type Try = { instance: string; what: string; status: number; reproduce: string };

export const MESSAGE = {
  TOKEN_ACCEPTED: entry<Try>('fail', {
    seen: (p) => `${p.instance} accepted a message with ${p.what} (${p.status})`,
    remedy: () =>
      'Anyone can send it commands. Check the token on POST /message before anything else: the header begins with "Bearer ", the signature is HS256 over JWT_SECRET and no other algorithm, `exp` is in the future; else 401.',
    reproduce: (p) => p.reproduce,
  }),
  REFUSED_OTHERWISE: entry<Try>('warn', {
    seen: (p) => `${p.instance} refused ${p.what}, but with ${p.status} rather than 401`,
    remedy: () =>
      'The Authorization header is declared as a required parameter, so the framework answers before the check: make it optional (`Header(None)`) and answer 401 yourself. Callers take 422 for a mistake in their message.',
    reproduce: (p) => p.reproduce,
  }),
  NO_MESSAGE_ENDPOINT: entry<Try>('unknown', {
    seen: (p) =>
      `${p.instance} has no POST /message (${p.status}), so whether it would refuse ${p.what} is not known`,
    remedy: () =>
      "Implement POST /message as the guide has it, or leave these checks out with --skip 'message.*'.",
    reproduce: (p) => p.reproduce,
  }),
  BODY_BEFORE_TOKEN: entry<Try & { said: string }>('unknown', {
    seen: (p) =>
      `${p.instance} answered ${p.status} (${p.said}) to the guide's own message with ${p.what}: it looked at the body before the token, so whether it checks the token is not known`,
    remedy: () =>
      'Check the token first, and accept the message format of the guide: type, payload, trace_id.',
    reproduce: (p) => p.reproduce,
  }),
  MESSAGE_ENDPOINT_BROKEN: entry<Try & { said: string }>('unknown', {
    seen: (p) =>
      `${p.instance} answered ${p.status} (${p.said}) to ${p.what}: that is no refusal, the check broke off`,
    remedy: () => 'Look at the log of the service: its token check crashes, or something behind it.',
    reproduce: (p) => p.reproduce,
  }),
  TOKEN_WITHHELD: entry<{ why: string }>('unknown', {
    seen: (p) => `no token was made: ${p.why}`,
    remedy: () =>
      'If you trust the .env of this folder, say so with --trust-env-file; else give the URL with --registry.',
  }),
  MESSAGE_NO_ANSWER: entry<{ instance: string; what: string; seen: string; reproduce: string }>('unknown', {
    seen: (p) => `no answer of ${p.instance} to ${p.what}: ${p.seen}`,
    remedy: () => 'Find out why POST /message hangs or breaks the connection.',
    reproduce: (p) => p.reproduce,
  }),
};
