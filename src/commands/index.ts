// The commands by oclif's ids, each loaded when it is run.
import type { BaseCommand } from '../base-command.js';

export type CommandClass = typeof BaseCommand &
  (new (
    ...args: ConstructorParameters<typeof BaseCommand>
  ) => BaseCommand);

export const COMMANDS: Readonly<Record<string, () => Promise<{ default: CommandClass }>>> = {
  'context:delete': () => import('./context/delete.js'),
  'context:list': () => import('./context/list.js'),
  'context:set': () => import('./context/set.js'),
  'context:show': () => import('./context/show.js'),
  'context:use': () => import('./context/use.js'),
  deregister: () => import('./deregister.js'),
  describe: () => import('./describe.js'),
  discover: () => import('./discover.js'),
  doctor: () => import('./doctor.js'),
  heartbeat: () => import('./heartbeat.js'),
  list: () => import('./list.js'),
  'mint-token': () => import('./mint-token.js'),
  register: () => import('./register.js'),
  'send-message': () => import('./send-message.js'),
  serve: () => import('./serve.js'),
};

/** Other names of commands, as their classes have them too. */
export const ALIASES: Readonly<Record<string, string>> = { send: 'send-message' };
