// The log of a registry whose reader is slow, stops, or goes away.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startRegistry } from '../../src/registry-server/server.js';

const SCRIPT = fileURLToPath(new URL('../support/log-script.ts', import.meta.url));

/** A process that logs `lines` lines of 1,000 bytes to its stderr, at most 64 KiB of them waiting, then ends. */
function logging(lines: number) {
  const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, String(lines)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const done = once(child, 'exit').then(([code]: unknown[]) => code);
  return { child, done };
}

test('all of it is written where it is read', async () => {
  const { child, done } = logging(50);
  let read = 0;
  child.stderr.on('data', (chunk: Buffer) => {
    read += chunk.length;
  });
  await once(child, 'close');
  expect(await done).toBe(0);
  expect(read).toBe(50_000);
});

test('a reader that has stopped holds nothing up, and ending does not wait for it', async () => {
  const { child, done } = logging(5000);
  child.stderr.pause();
  expect(await done).toBe(0);
});

test('a reader that is gone ends nothing', async () => {
  const { child, done } = logging(5000);
  child.stderr.destroy();
  expect(await done).toBe(0);
});

test('the log tells when the registry began to serve, and that it ended in order', async () => {
  const said: string[] = [];
  const log = { write: (line: string) => void said.push(JSON.parse(line).msg) };
  const registry = await startRegistry({ port: 0, store: { kind: 'memory' }, log });
  await registry.close();
  expect(said.slice(-3)).toEqual(['serving', 'ending', 'ended']);
});
