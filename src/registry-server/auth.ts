// Who calls: bearer tokens (Service Integration Guide, "Authentication Flow"), HS256 and nothing else.
import { createSecretKey, type KeyObject } from 'node:crypto';
import type jwt from 'jsonwebtoken';
import { fail } from '../errors.js';
import type { Clock } from './settings.js';

/** RFC 7518, section 3.2: a key for HS256 has at least 256 bits. */
export const MIN_SECRET_BYTES = 32;
const LEEWAY_S = 30;

/** The token is missing or bad; the message is the guide's. */
export class Unauthorized extends Error {
  override readonly name = 'Unauthorized';
}

/** Reads the `service_id` of an `Authorization` header; throws Unauthorized. */
export type ReadToken = (authorization: string | undefined) => number;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

/** True where only this machine can reach what listens on `host`. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * Throws where the registry would stand open or could not check a token: no authentication on an address others reach
 * (unless it was asked for by name), no secret, or one that is too short.
 */
export function requireSafe(settings: {
  host: string;
  auth: 'jwt' | 'none';
  authGiven: boolean;
  secret: string | undefined;
}): void {
  const { host, auth, secret } = settings;
  if (auth === 'none') {
    if (isLoopback(host) || settings.authGiven) return;
    throw fail('CANNOT_SERVE', {
      what: 'The registry cannot start:',
      why: `on ${host} others can reach it, and without authentication anyone could register or deregister anything.`,
      next: 'Start it with --auth jwt and JWT_SECRET set, or say --auth none to leave it open on purpose.',
    });
  }
  if (secret === undefined || secret === '') {
    throw fail('CANNOT_SERVE', {
      what: 'The registry cannot start:',
      why: '--auth jwt needs the secret that tokens are signed with, and there is none.',
      next: 'Set JWT_SECRET, or give --secret-file.',
    });
  }
  const bytes = Buffer.byteLength(secret);
  if (bytes < MIN_SECRET_BYTES) {
    throw fail('CANNOT_SERVE', {
      what: 'The registry cannot start:',
      why: `the secret has ${bytes} bytes, and HS256 needs at least ${MIN_SECRET_BYTES} (RFC 7518, section 3.2).`,
      next: 'Make one with `openssl rand -hex 32` and give it to every service.',
    });
  }
}

/**
 * A reader of tokens signed with `secret`. `exp` and `nbf` are held to the clock; `iat` is not, which RFC 7519 (section
 * 4.1.6) leaves open: a service whose clock is ahead of ours must not go down for it.
 */
export async function tokenReader(secret: string, clock: Clock): Promise<ReadToken> {
  const { default: library } = (await import('jsonwebtoken')) as { default: typeof jwt };
  // As a key for HMAC and nothing else, whatever the text of the secret looks like.
  const key = createSecretKey(secret, 'utf8');
  return (authorization) => {
    if (authorization === undefined || authorization === '') throw new Unauthorized('No token');
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined) throw new Unauthorized('Invalid token');
    return serviceIdOf(claimsOf(library, token, key, clock));
  };
}

function claimsOf(library: typeof jwt, token: string, key: KeyObject, clock: Clock): unknown {
  try {
    return library.verify(token, key, {
      algorithms: ['HS256'],
      clockTolerance: LEEWAY_S,
      clockTimestamp: Math.floor(clock.wall().getTime() / 1000),
    });
  } catch (error) {
    const early = error instanceof library.NotBeforeError;
    const expired = error instanceof library.TokenExpiredError;
    const why = expired ? ': it has expired' : early ? ': it is not valid yet' : '';
    throw new Unauthorized(`Invalid token${why}`, { cause: error });
  }
}

function serviceIdOf(claims: unknown): number {
  const id =
    typeof claims === 'object' && claims !== null && 'service_id' in claims ? claims.service_id : undefined;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) {
    throw new Unauthorized('Invalid token: its service_id is not an integer of at least 1');
  }
  return id;
}
