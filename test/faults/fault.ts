// A row of the suite: a fault, what was promised for it, and how it is brought about.
import type { Stage } from './stage.js';

export interface Fault {
  /** What happens, as an operator would say it. */
  readonly name: string;
  readonly mode: 'embedded' | 'cluster';
  /** What must hold nonetheless. */
  readonly promise: string;
  /**
   * Brings the fault about under traffic and checks what came of it; throws where the promise was broken or the fault
   * was not there. Returns what was seen, in words that are the same in every run.
   */
  run(stage: Stage): Promise<string>;
}
