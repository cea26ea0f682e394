// The nodes that go when this replica goes.
import type { Op, Zookeeper } from './zookeeper.js';

/** Of one run of a replica: a restarted one has another. */
export function isMemberId(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{12}$/.test(text);
}

/**
 * What gives an ephemeral node of this session the data, for one transaction: one that another session holds, which may
 * be a former one of this process, is taken over.
 */
export async function toOwn(zookeeper: Zookeeper, path: string, data: Buffer): Promise<Op[]> {
  const create: Op = { kind: 'create', path, data, ephemeral: true };
  const found = await zookeeper.get(path);
  if (found === undefined) return [create];
  if (found.owner === zookeeper.sessionId) return [{ kind: 'set', path, data }];
  return [{ kind: 'remove', path, version: found.version }, create];
}
