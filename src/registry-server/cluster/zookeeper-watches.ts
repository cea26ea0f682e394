// Watches that wait for their one call: by the client, or at the end of an outage.

export class Watches {
  /** By what they are for, then by the function: left twice, one waits once. */
  readonly #waiting = new Map<string, Map<() => void, () => void>>();

  /** What the client is to call; `isNew` unless it waits there already. */
  leave(at: string, watch: () => void): { once: () => void; isNew: boolean } {
    const here = this.#waiting.get(at) ?? new Map<() => void, () => void>();
    this.#waiting.set(at, here);
    const known = here.get(watch);
    if (known !== undefined) return { once: known, isNew: false };
    const once = () => {
      if (this.forget(at, watch)) watch();
    };
    here.set(watch, once);
    return { once, isNew: true };
  }

  /** False where it does not wait any more. */
  forget(at: string, watch: () => void): boolean {
    const here = this.#waiting.get(at);
    const waited = here?.delete(watch) === true;
    if (here?.size === 0) this.#waiting.delete(at);
    return waited;
  }

  callAll(): void {
    for (const here of [...this.#waiting.values()]) for (const once of [...here.values()]) once();
  }

  clear(): void {
    this.#waiting.clear();
  }
}
