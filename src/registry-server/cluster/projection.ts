// What is to be done about the node of one instance: pure, from what the directory says and what is known of the node.
import { isDeepStrictEqual } from 'node:util';
import type { Registration } from '../registration.js';
import { type Content, nodeData, type Told } from './node-data.js';

/** `registeredFrom` of what a deployed Config Service registered: its node in ZooKeeper is its own affair. */
export const FOREIGN = 'zookeeper';

export function isForeign({ registeredFrom }: Registration): boolean {
  return registeredFrom === FOREIGN;
}

/** A node as it was read, or written by this replica. */
export interface Known {
  readonly version: number;
  /** The session it goes with. */
  readonly owner: string;
  readonly content: Content;
  /** The registration it is known to agree with: ours as it was written, a foreign one as it was taken over. */
  agreed: Registration | undefined;
}

/** A node that was there and went, without this registry having removed it. */
export interface Lost {
  /** Monotonic. */
  readonly since: number;
  /** Ours, of the present session, which is alive: somebody deleted it. Else it was foreign. */
  readonly ours: boolean;
  /** Of the registration that it stood for. */
  readonly incarnation: number;
}

export type Step =
  | { readonly kind: 'none' }
  /** There is no node, and there should be one. */
  | { readonly kind: 'create'; readonly registration: Registration }
  /** Ours, and says what is no longer true. */
  | { readonly kind: 'write'; readonly registration: Registration; readonly version: number }
  /** Of another session, or not ours: it becomes a node of this session in one transaction. */
  | { readonly kind: 'replace'; readonly registration: Registration; readonly version: number }
  /** Nobody is registered under it; `sure` where the directory is known to have said otherwise before. */
  | { readonly kind: 'remove'; readonly version: number; readonly sure: boolean }
  /** A deployed Config Service registered, or updated, what the directory has as `before`. */
  | { readonly kind: 'adopt'; readonly told: Told; readonly before: Registration | undefined }
  /** Its node went; where it does not come back, it is deregistered. */
  | { readonly kind: 'lost'; readonly registration: Registration; readonly lost: Lost };

export type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>;

const NONE: Step = { kind: 'none' };

/** `session`: the id of ours. `lost` counts only where there is no node. May note on `known` that it agrees. */
export function stepFor(
  wanted: Registration | undefined,
  known: Known | undefined,
  lost: Lost | undefined,
  session: string,
): Step {
  if (known === undefined) return wanted === undefined ? NONE : stepWithoutNode(wanted, lost);
  const { content, version } = known;
  if (content.kind === 'foreign') return stepForForeign(wanted, known, content.told);
  if (wanted !== undefined && !isForeign(wanted)) return stepForOurs(wanted, known, session);
  // What cannot be read is somebody else's; the registration it was, if any, stays as it is.
  if (content.kind === 'unusable') return NONE;
  // Also beside a foreign registration: it is of a time before that.
  return { kind: 'remove', version, sure: known.agreed !== undefined };
}

function stepWithoutNode(wanted: Registration, lost: Lost | undefined): Step {
  if (lost !== undefined && lost.incarnation === wanted.incarnation && (lost.ours || isForeign(wanted))) {
    return { kind: 'lost', registration: wanted, lost };
  }
  return isForeign(wanted) ? NONE : { kind: 'create', registration: wanted };
}

function stepForOurs(wanted: Registration, known: Known, session: string): Step {
  const { content, version, owner, agreed } = known;
  if (content.kind !== 'own' || owner !== session) return { kind: 'replace', registration: wanted, version };
  if (agreed === wanted) return NONE;
  if (agreed === undefined || !nodeData(agreed).equals(nodeData(wanted))) {
    return { kind: 'write', registration: wanted, version };
  }
  known.agreed = wanted;
  return NONE;
}

/** A foreign node counts as newer than the directory, unless it is the one that the directory had taken over before. */
function stepForForeign(wanted: Registration | undefined, known: Known, told: Told): Step {
  const { version, agreed } = known;
  if (agreed !== undefined) {
    if (wanted === undefined) return { kind: 'remove', version, sure: true };
    return isForeign(wanted) ? NONE : { kind: 'replace', registration: wanted, version };
  }
  if (wanted !== undefined && isForeign(wanted) && says(told, wanted)) {
    known.agreed = wanted;
    return NONE;
  }
  return { kind: 'adopt', told, before: wanted };
}

/** Whether the registration is what the node tells. */
export function says(told: Told, { url, healthUrl, metadata }: Registration): boolean {
  return told.url === url && told.healthUrl === healthUrl && isDeepStrictEqual(told.metadata, metadata);
}
