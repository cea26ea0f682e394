// `npm run demo`, as it is run on a fresh machine, without the build that npm does before it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'regctl-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function demo(...args: string[]): {
  child: ChildProcess;
  output: () => string;
  shows(text: RegExp): Promise<void>;
} {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/demo.ts', ...args], {
    cwd: ROOT,
    // Settings for other registries must not matter.
    env: {
      ...process.env,
      TMPDIR: folder,
      REGISTRY_URL: 'http://127.0.0.1:1',
      SERVICE_ID: 'none',
      NO_COLOR: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const shows = async (text: RegExp) => {
    while (!text.test(output)) {
      if (child.exitCode !== null) throw new Error(`the demo ended with ${child.exitCode}:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, output: () => output, shows };
}

const urlIn = (output: string): string => /export CONFIG_SERVICE_URL=(\S+)/.exec(output)?.[1] ?? '';

it('shows every step, keeps the registry up with --stay, and leaves nothing behind', {
  timeout: 90_000,
}, async () => {
  const { child, output, shows } = demo('--stay');
  await shows(/It stays up until ctrl-C/);
  for (const command of [
    'list',
    'describe asr-service',
    'discover asr-service',
    'send asr-service',
    'send nmt-service',
  ]) {
    expect(output()).toContain(`$ regctl ${command}`);
  }
  for (const command of ['heartbeat --once', 'mint-token', 'doctor']) {
    expect(output()).toContain(`$ regctl ${command}`);
  }
  expect(output()).toMatch(/asr-service: \[demo-trace\] Received query from service 2/);
  expect(output()).toContain('exit 0.');
  const url = urlIn(output());
  const secretFile = /cat (\S+)\)/.exec(output())?.[1] ?? '';
  expect(secretFile.startsWith(folder)).toBe(true);
  expect((await fetch(`${url}/health`)).status).toBe(200);

  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
  await expect(fetch(`${url}/health`)).rejects.toThrow();
  expect(readdirSync(folder).filter((name) => name.startsWith('regctl'))).toEqual([]);
});

it('ends in order when it is interrupted half-way', { timeout: 90_000 }, async () => {
  const { child, output, shows } = demo();
  await shows(/\$ regctl describe/);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([143, null]);
  await expect(fetch(urlIn(output()))).rejects.toThrow();
  expect(readdirSync(folder).filter((name) => name.startsWith('regctl'))).toEqual([]);
});
