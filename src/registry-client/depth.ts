/** What no registry nests deeper than, and every printer here can walk without running out of stack. */
export const MAX_DEPTH = 100;

export const TOO_DEEP = '[nested too deep]';

/** `value` as it is, but for what lies deeper than MAX_DEPTH, which a text replaces. */
export function limitDepth(value: unknown): unknown {
  return isTooDeep(value, 0) ? cut(value, 0) : value;
}

function isTooDeep(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === MAX_DEPTH || Object.values(value).some((inner) => isTooDeep(inner, depth + 1));
}

function cut(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return TOO_DEEP;
  if (Array.isArray(value)) return value.map((inner) => cut(inner, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cut(inner, depth + 1)]));
}
