// What one service does, apart from all that every service does alike.
import type { MessageType } from '../wire/message.js';

/** What a behaviour may use while it answers a message. */
export interface Peers {
  /** Sends a message to another service, found through the registry, under the trace id of the one being answered. */
  call(service: string, type: MessageType, payload: Record<string, unknown>): Promise<Called>;
}

export interface Called {
  /** Where it was found. */
  url: string;
  trace_id: unknown;
  result: unknown;
}

export interface Behaviour {
  /** The actions it understands in queries and commands. */
  features: readonly string[];
  dependencies: { required: readonly string[]; optional: readonly string[] };
  /** The `result` of a query or command; throws Refusal. */
  answer(action: string, payload: Record<string, unknown>, peers: Peers): Promise<unknown> | unknown;
}

/** A message that cannot be answered with a result, as the HTTP answer it gets. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;

  constructor(status: number, detail: string, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.status = status;
  }
}

/** A field of the payload that has to be a text; throws Refusal. */
export function textField(payload: Record<string, unknown>, field: string, fallback?: string): string {
  const value = payload[field] ?? fallback;
  if (typeof value === 'string' && value !== '') return value;
  throw new Refusal(400, `payload.${field} must be a text`);
}
