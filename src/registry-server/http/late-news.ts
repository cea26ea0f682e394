// What another replica acknowledged a moment ago may not have come here yet.
import { StoreUnavailable } from '../writer.js';
import type { Registry } from './registry.js';

/**
 * What `look` finds, also where another replica has registered it just now: nobody is told to register again who has.
 * Throws StoreUnavailable where that cannot be found out.
 */
export async function findSurely<T>(
  look: () => T | undefined,
  { replica, writer }: Pick<Registry, 'replica' | 'writer'>,
): Promise<T | undefined> {
  const found = look();
  if (found !== undefined || replica === undefined) return found;
  try {
    await writer.catchUp();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreUnavailable(`It is not known here, and cannot be looked up: ${why}`, { cause: error });
  }
  return look();
}
