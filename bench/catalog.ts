// A registry with many services, in a process of its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('catalog-process.ts', import.meta.url));

/** Starts it; resolves when every service is registered. */
export async function startCatalog(services: number): Promise<{ url: string; close(): void }> {
  const child = fork(SCRIPT, [`${services}`], { execArgv: ['--import', 'tsx'] });
  const lost = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the registry ended: ${code}`)));
  lost.catch(() => undefined);
  const [url] = (await Promise.race([once(child, 'message'), lost])) as [string];
  return { url, close: () => void child.kill() };
}
