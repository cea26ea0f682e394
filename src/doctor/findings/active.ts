import { entry, sh } from './entry.js';

type Peer = { peer: string };
const send = (p: Peer) => `regctl send-message ${sh(p.peer)} --type query --action ping`;

/** What calling another service can find. */
export const ACTIVE = {
  CALL_NOT_DISCOVERED: entry<Peer & { why: string }>('fail', {
    seen: (p) => `${p.peer} is registered, and cannot be found: ${p.why}`,
    remedy: (p) => `See why with \`regctl doctor --service ${sh(p.peer)}\`.`,
    reproduce: (p) => `regctl discover ${sh(p.peer)}`,
  }),
  CALL_UNANSWERED: entry<Peer & { why: string }>('fail', {
    seen: (p) => `${p.peer} did not answer a message: ${p.why}`,
    remedy: (p) =>
      `Check that it runs, and that its registered URL is reached from here: \`regctl doctor --service ${sh(p.peer)}\`.`,
    reproduce: send,
  }),
  CALL_REFUSED: entry<Peer & { status: number; said: string }>('fail', {
    seen: (p) => `${p.peer} refused the token (${p.status}: ${p.said})`,
    remedy: () =>
      'Both services need the same JWT_SECRET: compare each with what the Coordinator handed out. The token goes into `Authorization: Bearer <token>`.',
    reproduce: send,
  }),
  CALL_FAILED: entry<Peer & { status: number; said: string }>('fail', {
    seen: (p) => `${p.peer} broke on a well-formed message (${p.status}: ${p.said})`,
    remedy: () => 'Look at its log.',
    reproduce: send,
  }),
  CALL_TRACE_LOST: entry<Peer>('warn', {
    seen: (p) => `${p.peer} answered, but not with the trace id of the message`,
    remedy: (p) =>
      `A request cannot be followed through ${p.peer}: let it answer the trace_id that came with the message.`,
    reproduce: send,
  }),
};
