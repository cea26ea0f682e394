// What one replica of the registry sees and the others have to know: they all judge by the same observations.

/** Where an observation is of an instance, it means nothing for other incarnations of it. */
interface OfInstance {
  readonly service: string;
  readonly id: string;
  readonly incarnation: number;
}

export type Observation =
  /** A heartbeat that counted for this instance, `agoMs` before this was told; `named` where it named the instance. */
  | ({ readonly kind: 'beat'; readonly agoMs: number; readonly named: boolean } & OfInstance)
  /** A heartbeat that several instances may have sent: this one is judged by its health check from now on. */
  | ({ readonly kind: 'ambiguous-beat' } & OfInstance)
  /** A health check: `problem` is null where it passed. */
  | ({ readonly kind: 'checked'; readonly problem: string | null } & OfInstance)
  /** For a replica that has just come: the latest sign of life of a beating instance was `agoMs` before this was told. */
  | ({ readonly kind: 'lease'; readonly agoMs: number } & OfInstance)
  /** A call with a token of this service id came from this address: its heartbeats may come from there without one. */
  | { readonly kind: 'known'; readonly serviceId: number; readonly address: string }
  /** An operator lets go what the mass-expiry guard holds of this service. */
  | { readonly kind: 'released'; readonly service: string };
