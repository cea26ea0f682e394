// The secret that is made for the samples where none is configured.
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sampleSecret } from '../../src/samples/secret.js';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'regctl-secret-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test('is made once, is the same for all that start at once, and leaves one file that is its owner’s', async () => {
  const path = await folder();
  const made = await Promise.all(Array.from({ length: 10 }, () => sampleSecret(path)));
  const [secret, ...others] = new Set(made.map((one) => one.secret));
  expect([secret?.length, others]).toEqual([64, []]);
  expect(await readdir(path)).toEqual(['jwt-secret']);
  expect((await stat(join(path, 'jwt-secret'))).mode & 0o077).toBe(0);
});

test.each([
  ['', 'is empty'],
  ['cut-off\n', 'has 7 bytes'],
])('that is %j in its file is refused, with the name of the file', async (content, why) => {
  const path = await folder();
  const file = join(path, 'jwt-secret');
  await writeFile(file, content);
  await expect(sampleSecret(path)).rejects.toMatchObject({
    code: 'CANNOT_SERVE',
    message: expect.stringContaining(`${file}, the secret they sign with, ${why}`),
    hint: expect.stringContaining(file),
  });
});
