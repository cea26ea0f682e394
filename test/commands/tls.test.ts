// Registries behind TLS of a private authority, with a client certificate, by flag and by context.
import { writeFile } from 'node:fs/promises';
import https from 'node:https';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SelfSigned, selfSigned } from '../support/hostile/certificate.js';
import { type Listening, listen } from '../support/instrument.js';
import { emptyFolder, runCli } from '../support/run-cli.js';
import { errorOf } from '../support/targets.js';

let certificate: SelfSigned;
let server: Listening;
let keyFile: string;
let env: Record<string, string>;
beforeAll(async () => {
  certificate = await selfSigned();
  const { key, cert } = certificate;
  keyFile = join(dirname(certificate.caFile), 'key.pem');
  await writeFile(keyFile, key);
  // Who connects shows the same certificate: one is enough to tell with from without.
  const options = { key, cert, ca: cert, requestCert: true, rejectUnauthorized: true };
  server = await listen(
    https.createServer(options, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('[]');
    }),
  );
  env = { CONFIG_SERVICE_URL: `https://127.0.0.1:${server.port}` };
});
afterAll(() => Promise.all([server.close(), certificate.remove()]));

it('is reached with the authority and the client certificate, and with neither alone', async () => {
  const { caFile } = certificate;
  const client = ['--cert-file', caFile, '--key-file', keyFile];
  const list = ['list', '--json', '--retries', '0'];
  const [all, noAuthority, noClient] = await Promise.all([
    runCli([...list, '--ca-file', caFile, ...client], { env }),
    runCli([...list, ...client], { env }),
    runCli([...list, '--ca-file', caFile], { env }),
  ]);
  expect(all).toMatchObject({ code: 0, stdout: '[]\n' });
  expect(errorOf(noAuthority)).toMatchObject({
    code: 'TLS_FAILED',
    exit: 3,
    hint: expect.stringContaining('--ca-file'),
  });
  expect(errorOf(noClient).exit).toBe(3);
});

it('is reached by a context that names the files', async () => {
  const { caFile } = certificate;
  const options = { env: { XDG_CONFIG_HOME: emptyFolder() } };
  const files = ['--ca-file', caFile, '--cert-file', caFile, '--key-file', keyFile];
  await runCli(['context', 'set', 'tls', '--registry', env.CONFIG_SERVICE_URL ?? '', ...files], options);
  expect(await runCli(['list', '--api', 'config-service'], options)).toMatchObject({
    code: 0,
    stdout: 'No services.\n',
  });
});
