// What one replica of the registry sees and the others have to know: they all judge by the same observations.

/** Where an observation is of an instance, it means nothing for other incarnations of it. */
interface OfInstance {
  readonly service: string;
  readonly id: string;
  readonly incarnation: number;
  /** Milliseconds between what was seen and this being told: whoever learns it late puts it in its place. */
  readonly agoMs: number;
}

export type Observation =
  /** A heartbeat that counted for this instance; `named` where it named the instance. */
  | ({ readonly kind: 'beat'; readonly named: boolean } & OfInstance)
  /** A heartbeat that several instances may have sent: this one is judged by its health check from now on. */
  | ({ readonly kind: 'ambiguous-beat' } & OfInstance)
  /** A health check: how many failed in a row by now, 0 where it passed; `failingMs` since the first of them. */
  | ({ readonly kind: 'checked'; readonly failures: number; readonly failingMs: number } & OfInstance)
  /** For a replica that has just come: the latest heartbeat of this instance. */
  | ({ readonly kind: 'lease'; readonly named: boolean } & OfInstance)
  /** A call with a token of this service id came from this address: its heartbeats may come from there without one. */
  | { readonly kind: 'known'; readonly serviceId: number; readonly address: string }
  /** An operator lets go what the mass-expiry guard holds of this service. */
  | { readonly kind: 'released'; readonly service: string };
