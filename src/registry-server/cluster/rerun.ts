// Reading again what changed, for watches: never twice at a time, and never too early to see the change.

export class Rerun {
  readonly #task: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** `task` must not reject. */
  constructor(task: () => Promise<void>) {
    this.#task = task;
  }

  /** Resolves at the end of a run that began after this call. */
  run(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#task().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.run();
    });
    return this.#next;
  }
}
