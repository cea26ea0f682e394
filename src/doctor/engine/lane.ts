import type { Send } from './options.js';
import type { Places } from './places.js';

type Give = () => void;

/**
 * The requests of one attempt. One at a time has the place of its check; what is sent beside it waits for a place of
 * its own, as every other check does. So a check always goes on, and requests are never more than places.
 */
export class Lane {
  private readonly waiting: ((give: Give) => void)[] = [];
  private waitingSince = 0;
  private waitedMs = 0;
  private ended = false;

  /** `ownFree`: its check holds a place, in which nothing is sent yet. */
  constructor(
    private readonly places: Places,
    private readonly now: () => number,
    private ownFree: boolean,
  ) {}

  readonly send: Send = async (request) => {
    const give = await this.enter();
    try {
      if (this.ended) throw new Error('the check has ended');
      return await request();
    } finally {
      give();
    }
  };

  /** Milliseconds for which requests waited for a place: time that the check did not have. */
  queuedMs(): number {
    return this.waitedMs + (this.waiting.length > 0 ? this.now() - this.waitingSince : 0);
  }

  /** Refuses what waits and what comes later. */
  end(): void {
    this.ended = true;
    while (this.serve(() => undefined));
  }

  private enter(): Give | Promise<Give> {
    if (this.ownFree) {
      this.ownFree = false;
      return this.giveOwn;
    }
    if (this.waiting.length === 0) this.waitingSince = this.now();
    // Whichever comes first: its check's own place, or one of all.
    this.places.take().then(() => this.serve(this.giveShared) || this.places.give());
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private readonly giveOwn: Give = () => {
    this.ownFree = !this.serve(this.giveOwn);
  };

  private readonly giveShared: Give = () => this.places.give();

  /** Hands a place to who waits the longest; false where nobody does. */
  private serve(give: Give): boolean {
    const next = this.waiting.shift();
    if (next === undefined) return false;
    if (this.waiting.length === 0) this.waitedMs += this.now() - this.waitingSince;
    next(give);
    return true;
  }
}
