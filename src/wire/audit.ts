// The audit trail of this registry, which no deployed one has: `GET /api/v1/registry/audit`.
import * as v from 'valibot';

export const MAX_AUDIT_ROWS = 1000;
const DEFAULT_AUDIT_ROWS = 100;

const wholeNumber = (max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,15}$/, 'must be a whole number'),
    v.transform(Number),
    v.maxValue(max, `must be at most ${max}`),
  );

/** A day, or a moment with its offset from UTC. */
const ISO_8601 = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/i;
const NO_TIME = 'must be a time in ISO 8601, such as 2026-11-21T20:28:39Z (a + is %2B in a query)';

/** Query: of one service, from a time on, and after a row already seen. */
export const AuditQuery = v.object({
  // PostgreSQL takes no NUL.
  service: v.optional(
    v.pipe(v.string(), v.nonEmpty('must not be empty'), v.excludes('\0', 'must not contain NUL')),
  ),
  since: v.optional(
    v.pipe(
      v.string(),
      v.regex(ISO_8601, NO_TIME),
      v.check((text) => !Number.isNaN(Date.parse(text)), NO_TIME),
      v.transform((text) => new Date(text)),
    ),
  ),
  after: v.optional(wholeNumber(Number.MAX_SAFE_INTEGER)),
  limit: v.optional(
    v.pipe(wholeNumber(MAX_AUDIT_ROWS), v.minValue(1, 'must be at least 1')),
    String(DEFAULT_AUDIT_ROWS),
  ),
});
export type AuditQuery = v.InferOutput<typeof AuditQuery>;

/** A row of the answer, an array in the order of `seq`: the last `seq` is the `after` of the next page. */
export const AuditRow = v.object({
  seq: v.number(),
  service_name: v.string(),
  /** Empty where the row is of the service as a whole. */
  instance_id: v.string(),
  /** Of the service, at this transition. */
  revision: v.number(),
  at: v.string(),
  /** `service:42` (token), an address, or `registry`. */
  actor: v.string(),
  cause: v.string(),
  from: v.nullable(v.string()),
  to: v.nullable(v.string()),
  detail: v.nullable(v.string()),
});
export type AuditRow = v.InferOutput<typeof AuditRow>;
