// A self-signed certificate, made when it is needed so that none lies in the repository.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Tls } from '../instrument.js';

export interface SelfSigned extends Tls {
  /** The certificate's file, for `--ca-file`. */
  readonly caFile: string;
  remove(): Promise<void>;
}

export interface CertificateOptions {
  /** Days until it runs out; negative: it ran out so many days ago. */
  readonly days?: number;
  /** Whom it is for, as `subjectAltName` has it. */
  readonly names?: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** By the `openssl` command; for 127.0.0.1 and localhost, and a month, unless told otherwise. */
export async function selfSigned(options: CertificateOptions = {}): Promise<SelfSigned> {
  const { days = 30, names = 'IP:127.0.0.1,DNS:localhost' } = options;
  const folder = await mkdtemp(join(tmpdir(), 'self-signed-'));
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: folder });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem'];
  await writeFile(join(folder, 'ca.cnf'), authority(names));
  await writeFile(join(folder, 'index.txt'), '');
  await openssl('req', '-new', ...curve, '-subj', '/CN=localhost', '-out', 'request.pem');
  // Of openssl's commands `ca` alone can make one that has run out.
  const life = ['-startdate', asn1Time(days - 400), '-enddate', asn1Time(days)];
  const selfsign = ['-selfsign', '-keyfile', 'key.pem', '-in', 'request.pem', '-out', 'cert.pem'];
  await openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', ...selfsign, ...life);
  const caFile = join(folder, 'cert.pem');
  return {
    key: await readFile(join(folder, 'key.pem')),
    cert: await readFile(caFile),
    caFile,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function authority(names: string): string {
  return `[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
serial = serial
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = extensions
[any]
commonName = supplied
[extensions]
subjectAltName = ${names}
basicConstraints = CA:TRUE
`;
}

/** `YYYYMMDDHHMMSSZ`, so many days from now. */
function asn1Time(days: number): string {
  return `${new Date(Date.now() + days * DAY_MS).toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
}
