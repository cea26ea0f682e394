import { fail } from '../errors.js';
import { isName, NAME_RULE } from '../wire/names.js';

const QUOTED = 60;

/** Throws INVALID_NAME where `name` cannot be registered, and so cannot be asked for (promise 5 of registry.md). */
export function requireName(kind: 'service' | 'instance' | 'context', name: string): void {
  if (isName(name)) return;
  throw fail('INVALID_NAME', {
    kind,
    name: name.length > QUOTED ? `${name.slice(0, QUOTED)}…` : name,
    rule: NAME_RULE,
  });
}
