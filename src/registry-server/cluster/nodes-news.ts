// What an operator wants to know of the nodes, told together: a line for each kind of news, not for each node.

export interface NodesLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** News within this time are told together. */
const COLLECT_MS = 1000;
/** So many are named. */
const NAMED = 3;
/** Of what is ignored, so many are remembered, to be told of once. */
const MAX_IGNORED = 10_000;
/** Names that others gave may be long. */
const MAX_NAME = 300;

export class NodesNews {
  readonly #log: NodesLog;
  readonly #ignored = new Set<string>();
  /** Message, and whom it is about. */
  #collected = new Map<string, Set<string>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: NodesLog) {
    this.#log = log;
  }

  /** This replica keeps the service now: its nodes were another session's. */
  tookOver(service: string): void {
    this.#collect('nodes were taken over from another replica or session, of', service);
  }

  adopted(path: string): void {
    this.#collect('registered by a Config Service on the same ZooKeeper:', path);
  }

  deregistered(path: string, reason: string): void {
    this.#collect(`deregistered, because ${reason} in ZooKeeper:`, path);
  }

  /** A node of ours of which nobody is registered any more. */
  leftover(path: string): void {
    this.#collect('nodes of nobody who is registered were removed:', path);
  }

  /** Warns of it once for each reason. */
  ignored(path: string, why: string): void {
    const key = `${path} ${why}`;
    if (this.#ignored.has(key)) return;
    if (this.#ignored.size >= MAX_IGNORED) this.#ignored.clear();
    this.#ignored.add(key);
    this.#log.warn({}, `the node ${printable(path)} is ignored: ${why}`);
  }

  /** Tells what is collected. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [message, names] of this.#collected) {
      const named = [...names].slice(0, NAMED).join(', ');
      const more = names.size > NAMED ? ` and ${names.size - NAMED} more` : '';
      this.#log.info({ count: names.size }, `${message} ${named}${more}`);
    }
    this.#collected = new Map();
  }

  #collect(message: string, name: string): void {
    const names = this.#collected.get(message) ?? new Set();
    this.#collected.set(message, names.add(name));
    this.#timer ??= setTimeout(() => this.flush(), COLLECT_MS).unref();
  }
}

function printable(path: string): string {
  const text = JSON.stringify(path);
  return text.length > MAX_NAME ? `${text.slice(0, MAX_NAME)}…` : text;
}
