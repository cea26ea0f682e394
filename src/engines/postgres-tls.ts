// How far TLS goes with PostgreSQL, in the words of libpq.
import type { PostgresAddress } from './address.js';

export type PostgresTls = false | { rejectUnauthorized: boolean; checkServerIdentity?: () => undefined };

/** What libpq means by each sslmode: from `require` on the line is encrypted, from `verify-ca` on the other side is known. */
export function tlsOf(sslmode: PostgresAddress['sslmode']): PostgresTls {
  if (sslmode === 'disable') return false;
  if (sslmode === 'verify-full') return { rejectUnauthorized: true };
  if (sslmode === 'verify-ca') return { rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return { rejectUnauthorized: false };
}

/** What its client for Node throws where the server speaks no TLS. */
export function offersNoTls(error: unknown): boolean {
  return error instanceof Error && error.message === 'The server does not support SSL connections';
}
