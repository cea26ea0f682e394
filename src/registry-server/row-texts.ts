// What is asked for again and again, as it was sent before: making JSON of its rows costs more than all else of a read.
import type { Instance } from './instance.js';
import { discoveredRow } from './listing.js';
import type { Registration } from './registration.js';

/** Characters and bytes in all; where there are more, all are made anew. */
const MAX_KEPT = 8 * 1024 * 1024;

type LastHeartbeat = Instance['lastHeartbeat'];

/** The text of a row, and all that the row is made of. */
interface Row {
  readonly registration: Registration;
  readonly lastHeartbeat: LastHeartbeat;
  readonly text: string;
}

/** Rows one after the other, and what changes of them while the list of instances stays the same. */
interface Body {
  readonly lastHeartbeats: readonly LastHeartbeat[];
  readonly bytes: Buffer;
}

export class RowTexts {
  readonly #maxKept: number;
  #rows = new WeakMap<Instance, Row>();
  /** By lists that are made anew with every change of a service. */
  #bodies = new WeakMap<readonly Instance[], Body>();
  #kept = 0;

  constructor(maxKept = MAX_KEPT) {
    this.#maxKept = maxKept;
  }

  /** The rows of `GET /discover/{name}` as JSON. */
  discovered(healthy: readonly Instance[]): Buffer {
    const known = this.#bodies.get(healthy);
    if (known?.lastHeartbeats.every((at, i) => healthy[i]?.lastHeartbeat === at)) return known.bytes;
    const bytes = Buffer.from(`[${healthy.map((instance) => this.#textOf(instance)).join()}]`);
    this.#keep(bytes.length - (known?.bytes.length ?? 0));
    this.#bodies.set(healthy, { lastHeartbeats: healthy.map(({ lastHeartbeat }) => lastHeartbeat), bytes });
    return bytes;
  }

  #textOf(instance: Instance): string {
    const { registration, lastHeartbeat } = instance;
    const known = this.#rows.get(instance);
    if (known?.registration === registration && known.lastHeartbeat === lastHeartbeat) return known.text;
    const text = JSON.stringify(discoveredRow(instance));
    this.#keep(text.length - (known?.text.length ?? 0));
    this.#rows.set(instance, { registration, lastHeartbeat, text });
    return text;
  }

  #keep(more: number): void {
    this.#kept += more;
    if (this.#kept <= this.#maxKept) return;
    this.#rows = new WeakMap();
    this.#bodies = new WeakMap();
    this.#kept = Math.max(0, more);
  }
}
