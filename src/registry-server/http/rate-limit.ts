// So many requests a second from one address: a token bucket each.
export interface RateLimit {
  /** Requests a second, lasting. */
  readonly perSecond: number;
  /** Requests at once. */
  readonly burst: number;
  /** Whether callers on this machine are limited too. */
  readonly loopback: boolean;
}

export const DEFAULT_RATE_LIMIT: RateLimit = { perSecond: 1000, burst: 5000, loopback: false };

/** Addresses remembered; beyond, those whose bucket is full again are forgotten. */
const MAX_ADDRESSES = 10_000;

const LOOPBACK = /^(127\.|::1$)/;

/** Returns what tells how many seconds the address has to wait: 0 where the request may pass. `now` in ms, monotonic. */
export function rateLimiter({
  perSecond,
  burst,
  loopback,
}: RateLimit): (address: string, now: number) => number {
  const buckets = new Map<string, { tokens: number; at: number }>();

  const refilled = (bucket: { tokens: number; at: number }, now: number): number =>
    Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);

  const forgetFull = (now: number): void => {
    for (const [address, bucket] of buckets) if (refilled(bucket, now) >= burst) buckets.delete(address);
  };

  return (address, now) => {
    if (!loopback && LOOPBACK.test(address)) return 0;
    if (buckets.size >= MAX_ADDRESSES) forgetFull(now);
    const bucket = buckets.get(address) ?? { tokens: burst, at: now };
    bucket.tokens = refilled(bucket, now);
    bucket.at = now;
    buckets.set(address, bucket);
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perSecond);
    bucket.tokens -= 1;
    return 0;
  };
}
