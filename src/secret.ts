import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

/** RFC 7518 §3.2: an HS256 key has at least 256 bits. */
export const MIN_SECRET_BYTES = 32;

/** A secret that no printing reaches: text, JSON and inspection all show `[secret]`. */
export class Secret {
  readonly #value: string;
  /** Where it came from, for messages. */
  readonly origin: string;

  constructor(value: string, origin: string) {
    this.#value = value;
    this.origin = origin;
  }

  /** The secret itself; for signing only. */
  reveal(): string {
    return this.#value;
  }

  /** Why it is no good as a signing key, undefined where it is. */
  weakness(): string | undefined {
    if (isPlaceholder(this.#value)) return 'is a placeholder, not a secret';
    const bytes = Buffer.byteLength(this.#value);
    if (bytes < MIN_SECRET_BYTES)
      return `has ${bytes} byte${bytes === 1 ? '' : 's'}; HS256 asks for at least ${MIN_SECRET_BYTES} (RFC 7518 §3.2)`;
    return undefined;
  }

  /** True where it certainly is not the secret, as against one that is merely short. */
  isUnusable(): boolean {
    return isPlaceholder(this.#value);
  }

  /** True where `digest` (SHA-256, hex) is of the nonce and this secret: compares with a holder of it, without either telling. */
  matches(nonce: string, digest: string): boolean {
    return createHash('sha256').update(nonce).update(this.#value).digest('hex') === digest;
  }

  /** True where a text that came from elsewhere has it in it. What is too short to be told from chance never is. */
  appearsIn(text: string): boolean {
    return this.#value.length >= 8 && text.includes(this.#value);
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** Also an extended regular expression of POSIX, for grep. */
export const PLACEHOLDER =
  /^(\[.*\]|<.*>|\{\{.*\}\}|\$\{.*\}|x{3,}|change[-_ ]?me.*|your[-_ ].*|(my[-_ ]?)?(jwt[-_ ]?)?secret([-_ ]?key)?|password|todo|tbd|example|placeholder|none|null)$/i;

/** True for what a template leaves behind, such as the guide's `[PROVIDED BY COORDINATOR]`. */
export function isPlaceholder(value: string): boolean {
  return PLACEHOLDER.test(value.trim());
}
