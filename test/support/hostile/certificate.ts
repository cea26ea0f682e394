// A self-signed certificate, made when it is needed so that none lies in the repository and none ever expires.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Tls } from '../instrument.js';

export interface SelfSigned extends Tls {
  /** The certificate's file, for `--ca-file`. */
  readonly caFile: string;
  remove(): Promise<void>;
}

/** For 127.0.0.1 and localhost, by the `openssl` command. */
export async function selfSigned(): Promise<SelfSigned> {
  const folder = await mkdtemp(join(tmpdir(), 'self-signed-'));
  const keyFile = join(folder, 'key.pem');
  const caFile = join(folder, 'cert.pem');
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  await promisify(execFile)('openssl', ['req', '-x509', '-days', '2', ...key, ...subject, '-out', caFile]);
  return {
    key: await readFile(keyFile),
    cert: await readFile(caFile),
    caFile,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
