import type { Check } from '../check.js';
import type { Done } from './outcome.js';

/** What is examined, the deployment or one service, with what its checks came to. Its facts end with it. */
export class Scope<Context> {
  private readonly known = new Map<Check<unknown, Context>, Promise<Done>>();
  private inRoom = true;

  /** `leave` makes room for the next service. */
  constructor(
    readonly service: string | null,
    private readonly leave: () => void = () => undefined,
  ) {}

  /** Carries out a check at most once. */
  once(check: Check<unknown, Context>, carryOut: () => Promise<Done>): Promise<Done> {
    const done = this.known.get(check) ?? carryOut();
    this.known.set(check, done);
    return done;
  }

  /** It has nothing more to do but to wait or to watch: the next service may begin. */
  makeRoom(): void {
    if (this.inRoom) this.leave();
    this.inRoom = false;
  }
}
