// TLS of the registry itself: read at the start, and again when the files change, as they do when a certificate is renewed.
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { fail } from '../errors.js';

export interface TlsFiles {
  /** PEM: the certificate, and what vouches for it. */
  readonly certFile: string;
  /** PEM. */
  readonly keyFile: string;
  /** PEM: only who shows a certificate of this authority gets in. */
  readonly clientCaFile?: string;
}

export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

export interface TlsLog {
  info(message: string): void;
  error(details: object, message: string): void;
}

/** How often the files are looked at. */
const LOOK_MS = 2_000;

/** Reads the files. Throws CANNOT_SERVE where one cannot be read, or they do not belong together. */
export async function readTls(files: TlsFiles): Promise<TlsMaterial> {
  try {
    return await material(files);
  } catch (error) {
    throw fail(
      'CANNOT_SERVE',
      {
        what: 'The registry cannot start:',
        why: `TLS cannot be set up with ${pathsOf(files).join(', ')} (${causeOf(error)}).`,
        next: 'Give a certificate and its key as PEM files that this user can read.',
      },
      error,
    );
  }
}

/** Takes over renewed files while the registry runs; what does not belong together leaves the former in use. Answers how to stop. */
export function followTls(server: Server, files: TlsFiles, log: TlsLog): () => void {
  const renew = async (): Promise<void> => {
    try {
      server.setSecureContext(await material(files));
      log.info('the TLS certificate was read anew');
    } catch (error) {
      log.error(
        { err: error },
        'the TLS files changed and cannot be used: the former certificate stays in use',
      );
    }
  };
  const paths = pathsOf(files);
  for (const path of paths) watchFile(path, { interval: LOOK_MS, persistent: false }, () => void renew());
  return () => {
    for (const path of paths) unwatchFile(path);
  };
}

/** Rejects where the key is not the certificate's. */
async function material({ certFile, keyFile, clientCaFile }: TlsFiles): Promise<TlsMaterial> {
  const [cert, key, ca] = await Promise.all([
    readFile(certFile, 'utf8'),
    readFile(keyFile, 'utf8'),
    clientCaFile === undefined ? undefined : readFile(clientCaFile, 'utf8'),
  ]);
  const made = { cert, key, ...(ca === undefined ? {} : { ca }) };
  createSecureContext(made);
  return made;
}

function pathsOf({ certFile, keyFile, clientCaFile }: TlsFiles): string[] {
  return [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? `${String(error.code)}: ${error.message}` : error.message;
}
