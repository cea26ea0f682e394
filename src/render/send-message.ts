import type { Sent } from '../operations/send-message.js';
import { safeJson } from './text.js';
import type { View } from './view.js';

/** `regctl send`: what the service answered, its `result` where it has one. */
export const sendMessageView: View<Sent> = {
  text: ({ answer }) => safeJson(answer.result === undefined ? answer : answer.result, 2),
  names: ({ trace_id }) => [trace_id],
};
