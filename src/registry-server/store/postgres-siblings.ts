// The connections of one store. Where one falls silent, those that rest may be dead without a word too, and whoever took
// one of them would wait for that to be found out once more: they are closed, and new ones are made.
import { Connection } from './postgres-connection.js';

/** Makes connections that know of each other. */
export function siblings(login: Parameters<typeof Connection.open>[0]): () => Promise<Connection> {
  const all = new Set<Connection>();
  const closeResting = (): void => {
    for (const connection of all) if (connection.isResting) connection.close();
  };
  return async () => {
    const connection = await Connection.open(login);
    for (const one of all) if (one.isGone) all.delete(one);
    all.add(connection);
    connection.onSilent = closeResting;
    return connection;
  };
}
