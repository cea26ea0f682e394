import * as v from 'valibot';

/** Service names and instance ids: what fits a path segment, a ZooKeeper node and a terminal (registry.md, promise 5). */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export const NAME_RULE = '1 to 100 of letters, digits, ".", "_" and "-", the first a letter or digit';

export const Name = v.pipe(v.string(), v.regex(NAME_PATTERN, `must be ${NAME_RULE}`));

/** True where `text` may name a service or an instance. */
export function isName(text: string): boolean {
  return NAME_PATTERN.test(text);
}
