// Checks what a request carries; what is refused is answered as FastAPI answers it.
import * as v from 'valibot';

/** One refused field, as in FastAPI's 422 bodies. */
export interface FieldError {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
}

/** The request is refused whole; nothing was changed. */
export class Invalid extends Error {
  override readonly name = 'Invalid';
  readonly fields: readonly FieldError[];

  constructor(fields: readonly FieldError[]) {
    super(fields.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; '));
    this.fields = fields;
  }
}

/** Deeper nesting would overrun the stack of what prints it, here or at a client. */
const MAX_DEPTH = 32;

function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth > MAX_DEPTH || Object.values(value).some((inner) => isTooDeep(inner, depth + 1));
}

/** Refuses what no schema looks at: a list in place of an object, which passes with valibot, and deep nesting. */
function checkShape(value: unknown, part: string): void {
  if (Array.isArray(value)) throw new Invalid([{ loc: [part], msg: 'must be Object', type: 'type_error' }]);
  const deep = Object.entries(value ?? {}).filter(([, inner]) => isTooDeep(inner));
  if (deep.length === 0) return;
  const msg = `must not nest deeper than ${MAX_DEPTH} levels`;
  throw new Invalid(deep.map(([key]) => ({ loc: [part, key], msg, type: 'value_error' })));
}

function fieldError(part: string, issue: v.BaseIssue<unknown>): FieldError {
  const loc = [part, ...(issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)))];
  if (issue.received === 'undefined') return { loc, msg: 'field required', type: 'missing' };
  if (issue.kind === 'schema' && issue.type !== 'picklist') {
    return { loc, msg: `must be ${issue.expected ?? 'something else'}`, type: 'type_error' };
  }
  return { loc, msg: issue.message, type: 'value_error' };
}

/** `value` as the schema gives it; throws Invalid, naming each field and `part` (body or query). */
export function parse<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  part: 'body' | 'query',
): v.InferOutput<S> {
  checkShape(value, part);
  const result = v.safeParse(schema, value, { abortPipeEarly: true });
  if (result.success) return result.output;
  throw new Invalid(result.issues.map((issue) => fieldError(part, issue)));
}
