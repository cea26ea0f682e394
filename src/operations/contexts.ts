// The named registries of the context file.
import { readContextFile, writeContextFile } from '../context-file.js';
import { fail } from '../errors.js';
import type { RegistryContext } from '../settings.js';
import { requireName } from './names.js';

export interface ListedContext {
  name: string;
  current: boolean;
  registry: string | null;
  api: string;
}

/** All contexts, sorted by name. */
export async function listContexts(path: string): Promise<ListedContext[]> {
  const { current, contexts } = await readContextFile(path);
  return Object.entries(contexts)
    .map(([name, { registry, api }]) => ({
      name,
      current: name === current,
      registry: registry ?? null,
      api: api ?? 'auto',
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Adds a context, or changes the given fields of one and drops others; the first becomes the current one. */
export async function setContext(
  path: string,
  name: string,
  changes: RegistryContext,
  drop: readonly string[],
): Promise<ListedContext> {
  requireName('context', name);
  const file = await readContextFile(path);
  const before = Object.hasOwn(file.contexts, name) ? file.contexts[name] : {};
  const kept = Object.entries({ ...before }).filter(([field]) => !drop.includes(field));
  const after: RegistryContext = { ...Object.fromEntries(kept), ...changes };
  const current = file.current ?? name;
  await writeContextFile(path, { current, contexts: { ...file.contexts, [name]: after } });
  return { name, current: current === name, registry: after.registry ?? null, api: after.api ?? 'auto' };
}

/** Makes a context the current one. Throws INVALID_SETTING where there is none of that name. */
export async function useContext(path: string, name: string): Promise<ListedContext> {
  const file = await readContextFile(path);
  const { registry, api } = existing(file.contexts, name);
  await writeContextFile(path, { ...file, current: name });
  return { name, current: true, registry: registry ?? null, api: api ?? 'auto' };
}

/** Removes a context; without a current one, the other settings rule. */
export async function deleteContext(path: string, name: string): Promise<ListedContext> {
  const { current, contexts } = await readContextFile(path);
  const { registry, api } = existing(contexts, name);
  const { [name]: _removed, ...rest } = contexts;
  await writeContextFile(path, {
    ...(current === undefined || current === name ? {} : { current }),
    contexts: rest,
  });
  return { name, current: false, registry: registry ?? null, api: api ?? 'auto' };
}

function existing(contexts: Record<string, RegistryContext>, name: string): RegistryContext {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found !== undefined) return found;
  throw fail('CONTEXT_NOT_FOUND', { name, known: Object.keys(contexts).sort().join(', ') });
}
