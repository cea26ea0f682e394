// TLS of the registry itself: `regctl serve --tls-cert --tls-key`.
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../support/hostile/certificate.js';
import { emptyFolder, runCli } from '../support/run-cli.js';
import { eventually, startTestRegistry } from '../support/start-registry.js';
import { errorOf, startServe } from '../support/targets.js';

/** `cert.pem` and `key.pem` of a certificate that vouches for itself, in a folder of their own. */
async function pair() {
  const made = await selfSigned();
  const folder = emptyFolder();
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  await Promise.all([writeFile(files.certFile, made.cert), writeFile(files.keyFile, made.key)]);
  await made.remove();
  return files;
}

/** The serial number of the certificate that is shown at the URL. */
function serialAt(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = tls.connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

test('serve speaks https, and lets in only who shows a certificate where it is told to', async () => {
  const { certFile, keyFile } = await pair();
  const files = ['--tls-cert', certFile, '--tls-key', keyFile];
  const [open, closed] = await Promise.all([
    startServe(['--memory', ...files]),
    startServe(['--memory', ...files, '--tls-client-ca', certFile]),
  ]);
  onTestFinished(() => Promise.all([open.close(), closed.close()]).then(() => undefined));
  expect([open.url, closed.url]).toEqual(Array(2).fill(expect.stringMatching(/^https:\/\/127\.0\.0\.1:/)));
  const list = (url: string, ...more: string[]) =>
    runCli(['list', '--json', '--retries', '0', '--registry', url, '--ca-file', certFile, ...more]);
  const own = ['--cert-file', certFile, '--key-file', keyFile];
  const [plain, refused, shown] = await Promise.all([
    list(open.url),
    list(closed.url),
    list(closed.url, ...own),
  ]);
  expect(plain).toMatchObject({ code: 0, stdout: '[]\n' });
  expect(errorOf(refused)).toMatchObject({ exit: 3, hint: expect.stringContaining('--cert-file') });
  expect(shown).toMatchObject({ code: 0, stdout: '[]\n' });
});

test('a renewed certificate is taken over while it runs; one without its key is not', async () => {
  const [files, renewed, stray] = await Promise.all([pair(), pair(), pair()]);
  const lines: string[] = [];
  const { url } = await startTestRegistry({
    tls: files,
    log: { write: (line) => void lines.push(line) },
  });
  const first = await serialAt(url);

  await copyFile(stray.certFile, files.certFile);
  await eventually(
    async () => lines.join(''),
    (log) => log.includes('the former certificate stays in use'),
  );
  expect(await serialAt(url)).toBe(first);

  await Promise.all([copyFile(renewed.certFile, files.certFile), copyFile(renewed.keyFile, files.keyFile)]);
  const second = await eventually(
    () => serialAt(url),
    (serial) => serial !== first,
  );
  expect(second).toMatch(/^[0-9A-F]+$/);
});

test.each([
  ['a file that is not there', { certFile: '/no/such/cert.pem', keyFile: '/no/such/key.pem' }, /ENOENT/],
  ['a file that is no PEM', undefined, /TLS cannot be set up/],
])('does not start with %s', async (_, given, why) => {
  const files = given ?? (await pair());
  if (given === undefined) await writeFile(files.keyFile, 'no key');
  await expect(startTestRegistry({ tls: files })).rejects.toMatchObject({
    code: 'CANNOT_SERVE',
    message: expect.stringMatching(why),
  });
});
