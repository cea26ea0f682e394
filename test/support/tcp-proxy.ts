// A TCP proxy on loopback that does what networks do: resets, black holes, delays, half-open connections; at once, or at
// the very byte where it hurts most. What it holds back is late and not lost, as TCP has it.
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** `up`: from the client to the target. */
export type Direction = 'up' | 'down';

export interface Trigger {
  readonly direction: Direction;
  /** Looked for in what passes, also over the borders of chunks. */
  readonly bytes: string | Buffer;
  /** Whether the bytes have been handed on by the time it acts; what follows them has not. */
  readonly moment: 'before' | 'after';
}

export interface TcpProxy {
  readonly port: number;
  /** Open on the client's side now. */
  readonly connections: number;
  /** Accepted since the start. */
  readonly accepted: number;
  /** Connections that were reset by `cut` or `reset`. */
  readonly resets: number;
  /** Handed on since the start. */
  readonly bytes: Readonly<Record<Direction, number>>;
  /** Bytes that were received and are held back at the moment. */
  readonly held: number;
  /** Resets (RST) every connection; new ones are reset at once. */
  cut(): void;
  /** Resets every connection; new ones pass. */
  reset(): void;
  /** No byte passes; connections stay, new ones are accepted. Neither side learns that the other has closed. */
  blackHole(): void;
  /** Bytes pass in this direction alone: `up` lets requests through and holds the answers. */
  halfOpen(passing: Direction): void;
  /**
   * The target's end of every connection is reset, the client's stays open and silent, as after a reboot of the target's
   * host; new ones pass.
   */
  orphan(): void;
  /** Every byte takes this long, each way. */
  delay(ms: number): void;
  /** Everything passes again, what was held first. */
  heal(): void;
  /** Acts once, when the bytes pass for the first time from now on; resolves then. */
  when(trigger: Trigger, act: () => void): Promise<void>;
  close(): Promise<void>;
}

interface Rules {
  holds: Record<Direction, boolean>;
  refuses: boolean;
  delayMs: number;
}

interface Armed extends Trigger {
  readonly wanted: Buffer;
  fire(): void;
}

/** Held or unsent bytes of a direction beyond which its sender has to wait. */
const ENOUGH = 256 * 1024;
const LONGEST_PATTERN = 256;

/** Starts a proxy before `target` (`host` 127.0.0.1 unless given), on `port` or a free one. */
export async function startProxy(
  target: number,
  { host = '127.0.0.1', port = 0 }: { host?: string; port?: number } = {},
): Promise<TcpProxy> {
  const rules: Rules = { holds: { up: false, down: false }, refuses: false, delayMs: 0 };
  const links = new Set<Link>();
  const bytes = { up: 0, down: 0 };
  const armed = new Set<Armed>();
  let accepted = 0;
  let resets = 0;

  const resetAll = (): void => {
    for (const link of links) {
      resets += 1;
      link.reset();
    }
  };
  const apply = (change: Partial<Rules>): void => {
    Object.assign(rules, change);
    for (const link of links) link.pump();
  };
  const hold = (up: boolean, down: boolean) => apply({ holds: { up, down } });

  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted += 1;
    if (rules.refuses) {
      resets += 1;
      client.on('error', () => undefined);
      rst(client);
      return;
    }
    const upstream = net.connect({ port: target, host, allowHalfOpen: true, noDelay: true });
    const link = new Link(client, upstream, { rules, armed, bytes });
    links.add(link);
    link.onGone = () => links.delete(link);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return [...links].filter((link) => link.isOpen).length;
    },
    get accepted() {
      return accepted;
    },
    get resets() {
      return resets;
    },
    bytes,
    get held() {
      return [...links].reduce((sum, link) => sum + link.held, 0);
    },
    cut() {
      rules.refuses = true;
      resetAll();
    },
    reset: resetAll,
    blackHole: () => hold(true, true),
    halfOpen: (passing) => hold(passing === 'down', passing === 'up'),
    orphan() {
      for (const link of links) link.orphan();
    },
    delay: (ms) => apply({ delayMs: ms }),
    heal: () => apply({ holds: { up: false, down: false }, refuses: false, delayMs: 0 }),
    when: (trigger, act) =>
      new Promise((resolve) => {
        const one: Armed = {
          ...trigger,
          wanted: Buffer.from(trigger.bytes),
          fire() {
            armed.delete(one);
            act();
            resolve();
          },
        };
        armed.add(one);
      }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const link of links) link.destroy();
      await closed;
    },
  };
}

interface Shared {
  readonly rules: Rules;
  readonly armed: ReadonlySet<Armed>;
  readonly bytes: Record<Direction, number>;
}

/** Ends it with a RST alone: `resetAndDestroy()` would send a FIN first, which is an end in order. */
function rst(socket: Socket): void {
  Object.assign(socket, { resetAndClosing: true }).destroy();
}

/** A connection through the proxy. */
class Link {
  onGone: () => void = () => undefined;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #lanes: readonly Lane[];

  constructor(client: Socket, upstream: Socket, shared: Shared) {
    this.#client = client;
    this.#upstream = upstream;
    this.#lanes = [new Lane('up', client, upstream, shared), new Lane('down', upstream, client, shared)];
    upstream.once('connect', () => this.pump());
    for (const socket of [client, upstream]) {
      socket.once('close', () => {
        if (client.destroyed && upstream.destroyed) this.onGone();
      });
    }
  }

  get isOpen(): boolean {
    return !this.#client.destroyed;
  }

  get held(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.length, 0);
  }

  pump(): void {
    for (const lane of this.#lanes) lane.pump();
  }

  reset(): void {
    for (const socket of [this.#client, this.#upstream]) rst(socket);
  }

  orphan(): void {
    for (const lane of this.#lanes) lane.sever();
    rst(this.#upstream);
  }

  destroy(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }
}

type Item = Buffer | 'end' | 'reset';

/** One direction of a connection: what was received and is not handed on yet, in its order. */
class Lane {
  readonly #direction: Direction;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #shared: Shared;
  #queue: { readonly item: Item; readonly dueAt: number }[] = [];
  #length = 0;
  /** The end of what passed, in which a pattern may have begun. */
  #passed: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;
  #severed = false;
  /** The bytes that something waits for are on their way, and nothing may follow them before it has acted. */
  #acting = false;
  #ended = false;

  constructor(direction: Direction, from: Socket, to: Socket, shared: Shared) {
    this.#direction = direction;
    this.#from = from;
    this.#to = to;
    this.#shared = shared;
    from.on('data', (chunk) => this.#take(chunk));
    from.on('end', () => this.#take('end'));
    // Its 'close' follows.
    from.on('error', () => undefined);
    from.on('close', (inDisorder) => {
      if (inDisorder || !this.#ended) this.#take('reset');
    });
    to.on('drain', () => this.#balance());
  }

  get length(): number {
    return this.#length;
  }

  sever(): void {
    this.#severed = true;
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#length = 0;
  }

  /** Hands on what is due. */
  pump(): void {
    clearTimeout(this.#timer);
    const { rules } = this.#shared;
    for (let [next] = this.#queue; next !== undefined; [next] = this.#queue) {
      if (this.#acting || rules.holds[this.#direction] || this.#to.connecting) break;
      const wait = next.dueAt - performance.now();
      if (wait > 0 && rules.delayMs > 0) {
        this.#timer = setTimeout(() => this.pump(), wait);
        break;
      }
      this.#queue.shift();
      this.#handOn(next.item, next.dueAt);
    }
    this.#balance();
  }

  #take(item: Item): void {
    if (this.#severed) return;
    if (item === 'end') this.#ended = true;
    if (Buffer.isBuffer(item)) this.#length += item.length;
    this.#queue.push({ item, dueAt: performance.now() + this.#shared.rules.delayMs });
    this.pump();
  }

  #handOn(item: Item, dueAt: number): void {
    if (item === 'end') this.#to.end();
    else if (item === 'reset') rst(this.#to);
    else if (this.#to.destroyed) this.#length -= item.length;
    else {
      const [next] = this.#awaited(item);
      const upTo = next?.at ?? item.length;
      if (upTo < item.length) this.#queue.unshift({ item: item.subarray(upTo), dueAt });
      if (next === undefined) this.#write(item);
      else this.#write(item.subarray(0, upTo), next.one);
    }
  }

  /** Hands bytes on; nothing follows them before `then` has acted, and the rules may be others by that time. */
  #write(chunk: Buffer, then?: Armed): void {
    this.#length -= chunk.length;
    this.#passed = Buffer.concat([this.#passed, chunk]).subarray(-LONGEST_PATTERN);
    const go = (): void => {
      if (then === undefined) return;
      then.fire();
      this.#acting = false;
      this.pump();
    };
    this.#acting = then !== undefined;
    if (chunk.length === 0) {
      go();
      return;
    }
    this.#shared.bytes[this.#direction] += chunk.length;
    this.#to.write(chunk, go);
  }

  /** Those who wait for something in this chunk, the first to act first, and after how many bytes of it. */
  #awaited(chunk: Buffer): { one: Armed; at: number }[] {
    const found: { one: Armed; at: number }[] = [];
    for (const one of this.#shared.armed) {
      if (one.direction !== this.#direction) continue;
      const { length } = one.wanted;
      const begun = length > 1 ? this.#passed.subarray(1 - length) : Buffer.alloc(0);
      const index = Buffer.concat([begun, chunk]).indexOf(one.wanted);
      if (index < 0) continue;
      const at = index - begun.length + (one.moment === 'after' ? length : 0);
      found.push({ one, at: Math.max(0, at) });
    }
    return found.sort((a, b) => a.at - b.at);
  }

  /** A sender who is far ahead waits. */
  #balance(): void {
    if (this.#from.destroyed) return;
    if (this.#length + this.#to.writableLength > ENOUGH) this.#from.pause();
    else if (this.#from.isPaused()) this.#from.resume();
  }
}
