// One look inside serves all checks; under --wait a check that judged it already gets a new one.
import type { Looked } from './look.js';

export class Looks {
  private readonly judgedBy = new Map<string, Promise<Looked>>();
  private latest: Promise<Looked>;

  constructor(first: Looked) {
    this.latest = Promise.resolve(first);
  }

  /** The latest look that the check `id` has not had; `look` takes another where there is none. */
  for(id: string, look: () => Promise<Looked>): Promise<Looked> {
    if (this.judgedBy.get(id) === this.latest) this.latest = look();
    this.judgedBy.set(id, this.latest);
    return this.latest;
  }
}
