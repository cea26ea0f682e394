// What the guides' code is run against: `regctl serve` by itself, and as replicas behind one address.
import { startServe } from '../support/targets.js';

export interface Registry {
  /** The one address that clients know. */
  readonly url: string;
  close(): Promise<void>;
}

export interface Mode {
  readonly mode: string;
  /** Starts it with these flags of `regctl serve`. */
  open(flags: readonly string[]): Promise<Registry>;
}

/** For `describe.each`. */
export const MODES: readonly Mode[] = [
  { mode: 'embedded', open: (flags) => startServe(['--memory', ...flags]) },
];
