import * as v from 'valibot';

/** The states of an instance in this registry (registry.md, "Instance states"). */
export const STATES = ['starting', 'healthy', 'unhealthy', 'down', 'draining', 'unknown'] as const;
export type State = (typeof STATES)[number];

/** The status words of the deployed Config Service (wire/config-service.md). */
export const UPSTREAM_STATUSES = ['healthy', 'unhealthy', 'unknown', 'starting', 'stopping'] as const;
export type UpstreamStatus = (typeof UPSTREAM_STATUSES)[number];

/** Words a registration may declare: the states of both vocabularies. */
export const DeclaredStatus = v.picklist(
  [...STATES, 'stopping'],
  `must be one of ${[...STATES, 'stopping'].join(', ')}`,
);

/** The state that a declared status word means. */
export function stateOf(declared: v.InferOutput<typeof DeclaredStatus>): State {
  return declared === 'stopping' ? 'draining' : declared;
}

/** The upstream word for a state: `down` reads `unhealthy`, `draining` reads `stopping`. */
export function upstreamStatus(state: State): UpstreamStatus {
  if (state === 'down') return 'unhealthy';
  if (state === 'draining') return 'stopping';
  return state;
}
