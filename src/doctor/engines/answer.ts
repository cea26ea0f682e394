// What asking an engine comes to.
import { whyNoConnection } from '../../http/failures.js';

/** What shows that it serves, or what is wrong and how that was seen. */
export type EngineAnswer = { well: string; problem?: never } | { problem: EngineProblem; seen: string };

export type EngineProblem =
  | 'ENGINE_DNS'
  | 'ENGINE_REFUSED'
  | 'ENGINE_TIMEOUT'
  | 'ENGINE_TLS'
  | 'ENGINE_BROKE'
  | 'ENGINE_AUTH'
  | 'ENGINE_OTHER_PROTOCOL'
  | 'ENGINE_NOT_SERVING'
  | 'ENGINE_READ_ONLY'
  | 'ENGINE_NOT_TELLING';

/** Milliseconds an engine is given, from the name to the last answer. */
export const LIMIT_MS = 5_000;

/** An engine answers with a few hundred bytes; more than this is something else. */
export const MAX_BYTES = 64 * 1024;

const PROBLEMS = {
  dns: 'ENGINE_DNS',
  refused: 'ENGINE_REFUSED',
  tls: 'ENGINE_TLS',
  broke: 'ENGINE_BROKE',
} as const;

/** What net or tls threw. */
export function failed(error: unknown): EngineAnswer {
  const { kind, cause } = whyNoConnection(error);
  // Node says so where the other side hangs up on the handshake.
  const tls = /before secure TLS connection/.test(error instanceof Error ? error.message : '');
  if (tls) return { problem: 'ENGINE_TLS', seen: 'the other side broke off the TLS handshake' };
  return { problem: PROBLEMS[kind], seen: cause };
}

/** Nothing more came within the limit; `handshaking`: TLS was asked for, and stands still. */
export function silent(connected: boolean, handshaking = false): EngineAnswer {
  const seconds = LIMIT_MS / 1000;
  if (handshaking && !connected)
    return {
      problem: 'ENGINE_TLS',
      seen: `it accepts the connection, but no TLS handshake within ${seconds} s`,
    };
  const seen = connected
    ? `it accepts the connection, but gave no answer within ${seconds} s`
    : `no connection within ${seconds} s`;
  return { problem: 'ENGINE_TIMEOUT', seen };
}

/** The first bytes that came are none that this engine sends. */
export function otherProtocol(bytes: Buffer): EngineAnswer {
  // RFC 8446 §6: a TLS server answers what is no handshake with an alert record.
  if (bytes[0] === 0x15) return { problem: 'ENGINE_TLS', seen: 'the port speaks TLS, and was asked without' };
  return { problem: 'ENGINE_OTHER_PROTOCOL', seen: `it answered "${quoted(bytes.toString('latin1'))}"` };
}

/** The first line of what came from the network, at a length that can be read. */
export function quoted(text: string, most = 80): string {
  const line = text.trimStart().split(/[\r\n]/, 1)[0] ?? '';
  return line.length > most ? `${line.slice(0, most)}…` : line;
}
