// A change that somebody asks for, who may have given up since.
import type { FastifyRequest } from 'fastify';
import type { Planned, View } from '../plan.js';
import type { Registry } from './registry.js';

/** Who asked has closed the connection before the change was begun; nothing was changed. */
export class HungUp extends Error {
  override readonly name = 'HungUp';
  constructor() {
    super('Who asked has hung up before it was begun. Nothing was changed.');
  }
}

/**
 * As Writer.submit; rejects with HungUp where the sender of `request` has given up by the time its turn comes. It asks
 * another replica then, and what this one carried out later, after a SIGSTOP perhaps, would undo what that acknowledged.
 */
export function change<T>(
  { raw: { socket } }: FastifyRequest,
  { writer }: Pick<Registry, 'writer'>,
  plan: (view: View) => Planned<T>,
): Promise<T> {
  return writer.submit((view) => {
    if (socket.destroyed || socket.readableEnded) throw new HungUp();
    return plan(view);
  });
}
