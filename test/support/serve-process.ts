// `regctl serve` over a folder, which can be killed.
import type { ChildProcess } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { startCli } from './run-cli.js';

export interface ServeProcess {
  readonly url: string;
  readonly child: ChildProcess;
}

/** Starts a registry on a free port over `dataDir`; it is killed when the test ends. */
export async function startServe(dataDir: string): Promise<ServeProcess> {
  const options = ['--port', '0', '--data-dir', dataDir, '--log-level', 'silent', '-o', 'json'];
  const { child, until, done } = startCli(['serve', ...options]);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await done;
  });
  const { url } = JSON.parse(await until(/"url":"[^"]+".*\n/));
  return { url, child };
}
