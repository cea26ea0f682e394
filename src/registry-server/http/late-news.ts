// What another replica acknowledged a moment ago may not have come here yet.
import { StoreUnavailable } from '../writer.js';
import type { Registry } from './registry.js';

/**
 * What `answer` makes of what `look` finds, also where another replica has registered it just now: nobody is told to
 * register again who has. At once but where it is not known here; rejects with StoreUnavailable where it cannot be found
 * out.
 */
export function onceFound<T, A>(
  look: () => T | undefined,
  { replica, writer }: Pick<Registry, 'replica' | 'writer'>,
  answer: (found: T | undefined) => A,
): A | Promise<A> {
  const found = look();
  if (found !== undefined || replica === undefined) return answer(found);
  return catchUp(writer).then(() => answer(look()));
}

async function catchUp(writer: Registry['writer']): Promise<void> {
  try {
    await writer.catchUp();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreUnavailable(`It is not known here, and cannot be looked up: ${why}`, { cause: error });
  }
}
