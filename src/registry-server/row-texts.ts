// What is asked for again and again, as the text it was sent as: making JSON of a row costs more than all else of a read.
import type { Instance } from './instance.js';
import { discoveredRow } from './listing.js';
import type { Registration } from './registration.js';

/** Characters in all; where there are more, texts are made anew. */
const MAX_KEPT = 8 * 1024 * 1024;

/** The text of a row, and all that the row is made of. */
interface Kept {
  readonly registration: Registration;
  readonly lastHeartbeat: Instance['lastHeartbeat'];
  readonly text: string;
}

export class RowTexts {
  readonly #maxKept: number;
  #texts = new WeakMap<Instance, Kept>();
  #length = 0;

  constructor(maxKept = MAX_KEPT) {
    this.#maxKept = maxKept;
  }

  /** The rows of `GET /discover/{name}` as JSON. */
  discovered(instances: readonly Instance[]): string {
    return `[${instances.map((instance) => this.#textOf(instance)).join()}]`;
  }

  #textOf(instance: Instance): string {
    const { registration, lastHeartbeat } = instance;
    const kept = this.#texts.get(instance);
    if (kept?.registration === registration && kept.lastHeartbeat === lastHeartbeat) return kept.text;
    const text = JSON.stringify(discoveredRow(instance));
    this.#length += text.length - (kept?.text.length ?? 0);
    if (this.#length > this.#maxKept) {
      this.#texts = new WeakMap();
      this.#length = text.length;
    }
    this.#texts.set(instance, { registration, lastHeartbeat, text });
    return text;
  }
}
