// What a skip means beyond its kind.
import type { Skip } from './result.js';

/** A reason that names an option says how to have the check carried out. */
const OPTION = /(^|\s)--[a-z]/;

/** True where the check could have been carried out and was not; false where it says nothing here, or is waived. */
export function isOpen(skip: Skip): boolean {
  return skip.kind === 'blocked' || (skip.kind !== 'waived' && OPTION.test(skip.why));
}
