// Who sends a message: HS256 over JWT_SECRET and nothing else (Service Integration Guide, "When Receiving Requests").
import jwt from 'jsonwebtoken';
import type { Secret } from '../secret.js';

/** The token was good: the integer id of the sender. Or it was not: the guide's text for the 401. */
export type Bearer = { service_id: number } | { refused: 'No token' | 'Invalid token' };

/**
 * Checks an `Authorization` header. Stricter than the guide's `replace("Bearer ", "")`: the scheme is required
 * (RFC 6750 §2.1), the algorithm is pinned, an expired token is refused.
 */
export function readBearer(authorization: string | undefined, secret: Secret): Bearer {
  if (!authorization) return { refused: 'No token' };
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) return { refused: 'Invalid token' };
  try {
    const claims = jwt.verify(token, secret.reveal(), { algorithms: ['HS256'] });
    const id: unknown = typeof claims === 'object' ? claims.service_id : undefined;
    if (typeof id === 'number' && Number.isSafeInteger(id)) return { service_id: id };
  } catch (error) {
    if (!(error instanceof jwt.JsonWebTokenError)) throw error;
  }
  return { refused: 'Invalid token' };
}
