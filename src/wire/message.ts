// Messages between services: `POST {service_url}/message` (Service Integration Guide, "Message Passing").
import * as v from 'valibot';

export const MESSAGE_TYPES = ['command', 'query', 'event'] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** What is posted. `type` stays open: a receiver answers 400 `Unknown message type`, not 422. */
export const Envelope = v.object({
  type: v.string(),
  payload: v.record(v.string(), v.unknown()),
  trace_id: v.string(),
});
export type Envelope = v.InferOutput<typeof Envelope>;

/** What a receiver answers; deployed ones may leave out all but `received`. */
export const MessageAnswer = v.looseObject({
  received: v.optional(v.boolean()),
  trace_id: v.optional(v.unknown()),
  result: v.optional(v.unknown()),
});
export type MessageAnswer = v.InferOutput<typeof MessageAnswer>;
