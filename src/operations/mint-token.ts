import type { Context } from '../context.js';
import { fail } from '../errors.js';
import { mintToken } from '../messaging/token.js';
import { parsePairs } from './pairs.js';

export interface MintInput {
  /** Milliseconds it lives; undefined never expires. */
  ttlMs: number | undefined;
  claims: readonly string[];
  audience?: string | undefined;
  issuer?: string | undefined;
  /** A duration from now in ms. */
  notBeforeMs?: number | undefined;
  allowWeakSecret: boolean;
}

export interface Minted {
  token: string;
  service_id: number;
  /** ISO 8601; null where it never expires. */
  expires_at: string | null;
}

/** Claims with flags or rules of their own, which `--claim` must not override. */
const RESERVED = new Map([
  ['service_id', '--service-id'],
  ['exp', '--ttl'],
  ['iat', 'nothing: it is now'],
  ['nbf', '--not-before'],
  ['aud', '--audience'],
  ['iss', '--issuer'],
]);

/** Signs a token in the name of a service. Throws MISSING_SETTING, INVALID_SETTING (a weak secret) or USAGE. */
export async function mint(input: MintInput, context: Context): Promise<Minted> {
  const claims = parsePairs(input.claims, '--claim');
  for (const claim of Object.keys(claims)) {
    const flag = RESERVED.get(claim);
    if (flag === undefined) continue;
    throw fail('USAGE', {
      what: `--claim ${claim}=… is refused:`,
      why: `that claim is set by ${flag}.`,
      next: 'Leave it out.',
    });
  }
  const service_id = context.serviceId();
  if (service_id === undefined) {
    throw fail('MISSING_SETTING', {
      setting: 'SERVICE_ID',
      purpose: 'a token says which service it speaks for',
      next: 'Set SERVICE_ID, or give --service-id.',
    });
  }
  const secret = await context.secret('a token is signed with it');
  const weakness = secret.weakness();
  if (weakness !== undefined && !input.allowWeakSecret) {
    throw fail('INVALID_SETTING', {
      setting: 'JWT_SECRET',
      origin: secret.origin,
      problem: weakness,
      next: 'Use the secret the Coordinator handed out, or say --allow-weak-secret where a deployment really uses this one.',
    });
  }
  if (weakness !== undefined) context.notify(`Warning: JWT_SECRET ${weakness}.`);
  if (input.ttlMs === undefined)
    context.notify('Warning: this token never expires; whoever reads it may use it for ever.');
  if (input.ttlMs !== undefined && (input.notBeforeMs ?? 0) >= input.ttlMs) {
    throw fail('USAGE', {
      what: '--not-before is not before the end of --ttl:',
      why: 'the token would never be valid.',
      next: 'Give a longer --ttl.',
    });
  }
  const now = context.clock.now();
  const ttl_s = input.ttlMs === undefined ? null : Math.max(1, Math.floor(input.ttlMs / 1000));
  const { audience, issuer, notBeforeMs } = input;
  const token = mintToken(
    {
      service_id,
      ttl_s,
      claims,
      ...(audience === undefined ? {} : { audience }),
      ...(issuer === undefined ? {} : { issuer }),
      ...(notBeforeMs === undefined ? {} : { not_before: Math.floor((now + notBeforeMs) / 1000) }),
    },
    secret,
    now,
  );
  const expires_at = ttl_s === null ? null : new Date((Math.floor(now / 1000) + ttl_s) * 1000).toISOString();
  return { token, service_id, expires_at };
}
