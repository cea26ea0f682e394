// Tokens as the Service Integration Guide fixes them: HS256 over JWT_SECRET, an integer claim `service_id`.
import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
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
  // Given as text, it would be tried as a private key first, which costs a millisecond a token.
  return jwt.sign(payload, createSecretKey(secret.reveal(), 'utf8'), { algorithm: 'HS256' });
}
