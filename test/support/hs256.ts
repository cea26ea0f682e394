// HS256 tokens (RFC 7515, RFC 7519) on node:crypto alone: an independent witness to the tokens regctl mints.
import { createHmac, timingSafeEqual } from 'node:crypto';

export type Claims = Record<string, unknown>;

/** What a careless receiver leaves out. */
export interface Laxity {
  readonly algNone?: boolean;
  readonly signature?: boolean;
  readonly expiry?: boolean;
}

/** Signs `claims`; `header` replaces the usual one, for tokens that lie. */
export function signHs256(
  claims: Claims,
  secret: string,
  header: Claims = { alg: 'HS256', typ: 'JWT' },
): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${mac(signed, secret).toString('base64url')}`;
}

/** An unsigned token: `alg` is `none`, the signature empty. */
export function unsigned(claims: Claims): string {
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
}

/** The claims of a token that holds at `nowS` (seconds since the epoch), else undefined. */
export function verifyHs256(
  token: string,
  secret: string,
  nowS: number,
  ignore: Laxity = {},
): Claims | undefined {
  const [head = '', body = '', signature = '', ...rest] = token.split('.');
  const header = decode(head);
  const claims = decode(body);
  if (header === undefined || claims === undefined || rest.length > 0) return undefined;
  const unsignedIsFine = ignore.algNone === true && header.alg === 'none';
  if (!unsignedIsFine) {
    if (header.alg !== 'HS256') return undefined;
    const given = Buffer.from(signature, 'base64url');
    const wanted = mac(`${head}.${body}`, secret);
    const holds = given.length === wanted.length && timingSafeEqual(given, wanted);
    if (!holds && ignore.signature !== true) return undefined;
  }
  if (!isTime(claims.exp) || !isTime(claims.nbf)) return undefined;
  if (claims.exp !== undefined && claims.exp <= nowS && ignore.expiry !== true) return undefined;
  if (claims.nbf !== undefined && claims.nbf > nowS) return undefined;
  return claims;
}

function isTime(value: unknown): value is number | undefined {
  return value === undefined || typeof value === 'number';
}

function mac(text: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}

function encode(value: Claims): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(segment: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
