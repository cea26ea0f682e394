// What PostgreSQL's refusals at the start mean to an operator.
import { offersNoTls } from '../../engines/postgres-tls.js';
import { fail, type RegctlError } from '../../errors.js';
import type { PostgresLogin } from '../cluster/engines.js';
import { codeOf, UnreadableRow } from './explain.js';
import { SCHEMA } from './postgres-connection.js';

/** What a server that is being started, or a network that is being set up, answers; SQLSTATEs and codes of the system. */
const NOT_YET = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ENOTFOUND', 'EAI_AGAIN', '57P01', '57P02', '57P03', '53300', '08006', '55P03', '57014'],
]);

/** What Node says of a certificate that it does not accept. */
const CERTIFICATE = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS_CERT)/;

/** It may answer otherwise in a moment; a refused password stays refused. */
export function mayPass(error: unknown): boolean {
  return NOT_YET.has(codeOf(error));
}

/** The database is none that regctl can write to. */
export class UnusableDatabase extends Error {
  override readonly name = 'UnusableDatabase';
  readonly next: string;

  constructor(why: string, next: string) {
    super(why);
    this.next = next;
  }
}

/** CANNOT_SERVE for an error at opening or reading the database; names the server, never a password. */
export function cannotUsePostgres(error: unknown, login: PostgresLogin): RegctlError {
  const server = `PostgreSQL at ${login.host}:${login.port}`;
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  const cannot = (why: string, next: string): RegctlError =>
    fail('CANNOT_SERVE', { what: 'The registry cannot start:', why, next }, error);

  if (error instanceof UnusableDatabase) return cannot(`${server} ${message}.`, error.next);
  if (error instanceof UnreadableRow) {
    return cannot(
      `the database of ${server} holds what this version of regctl cannot read, ${message}. It was left as it is.`,
      'Start the version that wrote it, or restore the database from a backup.',
    );
  }
  if (message.includes('corrupted migrations')) {
    return cannot(
      `the database of ${server} was written by a newer version of regctl.`,
      'Start that version, or give this one another database with --postgres.',
    );
  }
  if (code === '28P01' || /^SASL|password/i.test(message)) {
    return cannot(
      `${server} refuses the password (${message}).`,
      'Set PGPASSWORD, or --postgres-password-file, to the password of the user in --postgres.',
    );
  }
  if (code.startsWith('28')) {
    return cannot(
      `${server} does not let this user in (${message}).`,
      'Check the user in --postgres, and pg_hba.conf.',
    );
  }
  if (code === '3D000') {
    return cannot(
      `${server} has no such database (${message}).`,
      'Create it, or name another in --postgres.',
    );
  }
  if (code === '42501') {
    return cannot(
      `${server} does not let this user make the schema ${SCHEMA} or write to it (${message}).`,
      `Run \`create schema ${SCHEMA} authorization USER\` as its administrator.`,
    );
  }
  if (code === '25006') {
    return cannot(
      `${server} takes no writes: it is a standby, or set to read only.`,
      'Name the primary in --postgres.',
    );
  }
  if (offersNoTls(error)) {
    return cannot(
      `${server} offers no TLS, which sslmode=${login.sslmode} asks for.`,
      'Set it up there, or say sslmode=disable in --postgres.',
    );
  }
  if (CERTIFICATE.test(code)) {
    return cannot(
      `${server} shows a certificate that is not vouched for (${message}).`,
      'Give its authority with NODE_EXTRA_CA_CERTS, or say sslmode=require in --postgres to encrypt alone.',
    );
  }
  if (mayPass(error)) {
    return cannot(
      `${server} cannot be reached (${message}).`,
      'Check that it runs, and the host and port in --postgres.',
    );
  }
  return cannot(`${server} cannot be used (${message}).`, 'Check it with `regctl doctor --postgres`.');
}
