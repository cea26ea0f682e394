import type { Deregistered } from '../operations/deregister.js';
import { clean } from './text.js';
import type { View } from './view.js';

/** `regctl deregister`: a line for each instance that is gone. */
export const deregisterView: View<Deregistered> = {
  text: ({ service_name, deregistered }) =>
    deregistered.map((id) => `Deregistered ${clean(service_name)}/${clean(id)}.`).join('\n'),
  names: ({ deregistered }) => deregistered,
};
