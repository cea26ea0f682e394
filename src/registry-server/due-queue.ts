// What is due when: the soonest is found without looking at the rest (a binary heap). What is due at the same time
// comes in the order in which it was added.

interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly item: T;
}

function isSooner<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}

export class DueQueue<T> {
  readonly #heap: Entry<T>[] = [];
  #added = 0;

  /** The soonest entry, which stays in the queue. */
  peek(): Entry<T> | undefined {
    return this.#heap[0];
  }

  add(at: number, item: T): void {
    const heap = this.#heap;
    const entry = { at, order: this.#added++, item };
    let index = heap.length;
    heap.push(entry);
    for (;;) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isSooner(parent, entry)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = entry;
  }

  /** Takes out the soonest entry that is due at `now`; undefined where none is. */
  take(now: number): Entry<T> | undefined {
    const soonest = this.#heap[0];
    if (soonest === undefined || soonest.at > now) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#sink(last);
    return soonest;
  }

  /** Puts the entry in the place of the first, and it sinks to where nothing below it is sooner. */
  #sink(entry: Entry<T>): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const a = heap[left];
      const b = heap[left + 1];
      const rightIsSooner = a !== undefined && b !== undefined && isSooner(b, a);
      const child = rightIsSooner ? b : a;
      if (child === undefined || isSooner(entry, child)) break;
      heap[index] = child;
      index = rightIsSooner ? left + 1 : left;
    }
    heap[index] = entry;
  }
}
