// Tokens as the Service Integration Guide fixes them: HS256 over JWT_SECRET, an integer claim `service_id`.
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Secret } from '../secret.js';

export interface TokenRequest {
  service_id: number;
  /** Seconds until it expires; null sets no `exp`, as the guide's own code does. */
  ttl_s: number | null;
  claims?: Record<string, unknown>;
  audience?: string;
  issuer?: string;
  /** Seconds since 1970 before which it is not valid. */
  not_before?: number;
}

/** How long the tokens live that regctl sends by itself. */
export const SHORT_TTL_S = 60;

/** Signs a token; `nowMs` becomes its `iat`. The integer `service_id` cannot be overridden by a claim. */
export function mintToken(request: TokenRequest, secret: Secret, nowMs: number): string {
  const iat = Math.floor(nowMs / 1000);
  const payload = {
    ...request.claims,
    service_id: request.service_id,
    iat,
    ...(request.ttl_s === null ? {} : { exp: iat + request.ttl_s }),
    ...(request.audience === undefined ? {} : { aud: request.audience }),
    ...(request.issuer === undefined ? {} : { iss: request.issuer }),
    ...(request.not_before === undefined ? {} : { nbf: request.not_before }),
  };
  return sign(payload, secret);
}

/**
 * HS256 (RFC 7518 §3.2) in the compact form (RFC 7515 §3.1). Not by jsonwebtoken, which verifies: it and node:crypto take
 * 5 ms to load, 9 with Node 26, a sixth and more of a command that signs one token.
 */
function sign(payload: object, secret: Secret): string {
  const signed = `${tokenPart({ alg: 'HS256', typ: 'JWT' })}.${tokenPart(payload)}`;
  const code = hmac(sha256, Buffer.from(secret.reveal()), Buffer.from(signed));
  return `${signed}.${Buffer.from(code).toString('base64url')}`;
}

/** The header or the payload, as a token has them. */
export function tokenPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
