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

/** What a deployed registry may hold although nobody should register it, such as the instance id `10.0.0.1:8090`. */
const LISTED = /^(?!\.{1,2}$)[^\s/\\\p{C}]{1,255}$/u;

/** Throws INVALID_NAME where `name` cannot even be asked for; laxer than `requireName`, so that it can be removed. */
export function requireListed(kind: 'service' | 'instance', name: string): void {
  if (!LISTED.test(name)) requireName(kind, name);
}
