import type { Registered } from '../operations/register.js';
import type { PlannedCall } from '../registry-client/client.js';
import { safeJson } from './text.js';
import type { View } from './view.js';

/** `regctl register`: the instance id alone, for `id=$(regctl register …)`. */
export const registerView: View<Registered> = {
  text: ({ instance_id }) => instance_id,
  names: ({ instance_id }) => [instance_id],
};

/** `--dry-run`: the request line and the body. */
export const plannedCallView: View<PlannedCall> = {
  text: ({ method, url, body }) => `${method} ${url}\n${safeJson(body, 2)}`,
  names: ({ url }) => [url],
};
