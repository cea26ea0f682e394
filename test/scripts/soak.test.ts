// `npm run soak`: says what it did, and ends in order when it is told to.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { optionsOf } from '../../scripts/soak/options.js';

const SCRIPT = fileURLToPath(new URL('../../scripts/soak.ts', import.meta.url));

function soak(...args: string[]): { child: ChildProcess; stdout(): string; stderr(): string } {
  const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, ...args]);
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text) => (stdout += text));
  child.stderr?.on('data', (text) => (stderr += text));
  return { child, stdout: () => stdout, stderr: () => stderr };
}

it('ends its lap at ctrl-C, judges it, and sums up', async () => {
  const { child, stdout, stderr } = soak('--minutes', '10', '--seed', '7');
  await once(child.stdout ?? child, 'data');
  expect(stdout()).toBe('embedded, 10 min, --seed 7\n');
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  expect({ code, stderr: stderr() }).toEqual({ code: 130, stderr: '' });
  const [, operations = ''] = /^Operations +([\d,]+): /m.exec(stdout()) ?? [];
  expect(Number(operations.replaceAll(',', ''))).toBeGreaterThan(10);
  expect(stdout()).toMatch(/^Violations +0$/m);
  expect(stdout()).toMatch(/^Memory +\d+ MB at the start, \d+ MB at the end, /m);
});

it.each([
  [[], '--minutes is a number above 0'],
  [['--minutes', 'x'], '--minutes is a number above 0'],
  [['--minutes', '1', '--mode', 'both'], '--mode is embedded or cluster'],
  [['--minutes', '1', '--seed', 'x'], '--seed is an integer'],
  [['--hours', '1'], 'Unknown option'],
])('%j is refused', (args, why) => {
  expect(() => optionsOf(args, 1)).toThrow(new RegExp(why));
});
