// The passwords of engines: from the environment alone, under the names that their own clients read.
import { Secret } from '../secret.js';

/** What psql and redis-cli read. */
export const PASSWORD_VARIABLE = { postgres: 'PGPASSWORD', redis: 'REDISCLI_AUTH' } as const;

/** The password for an engine; undefined where its variable is not set, or empty. */
export function enginePassword(
  engine: keyof typeof PASSWORD_VARIABLE,
  environment: Readonly<Record<string, string | undefined>>,
): Secret | undefined {
  const name = PASSWORD_VARIABLE[engine];
  const value = environment[name];
  return value ? new Secret(value, name) : undefined;
}
