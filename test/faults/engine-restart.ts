// An engine that is killed and started again, over the same folder and port.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import type { Engine } from '../support/engines.js';
import type { Stage } from './stage.js';

/** SIGKILL of the process and of all that it started. */
export async function killServer({ child }: Pick<Engine, 'child'>): Promise<void> {
  const gone = once(child, 'exit');
  // It fails where there are none.
  const { stdout: children } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], {
    encoding: 'utf8',
  });
  child.kill('SIGKILL');
  for (const pid of children.split(/\s+/).filter((text) => text !== '')) kill(Number(pid));
  await gone;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended by itself meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Starts it as it was started before; resolves with it when its port answers. It ends with the row. */
export async function restartEngine(
  stage: Stage,
  { child, port }: Pick<Engine, 'child' | 'port'>,
): Promise<ChildProcess> {
  const [program = '', ...args] = child.spawnargs;
  const data = args[args.indexOf('-D') + 1];
  const config = args.find((arg) => /\.(cfg|conf)$/.test(arg));
  const folder = config === undefined ? (data ?? '') : dirname(config);
  // What a server that was killed leaves behind would keep PostgreSQL from its shared memory.
  if (config === undefined) rmSync(join(folder, 'postmaster.pid'), { force: true });
  const { uid, gid } = statSync(folder);
  const again = spawn(program, args, { cwd: folder, env: {}, stdio: 'ignore', uid, gid });
  stage.onEnd(async () => {
    const gone = once(again, 'exit');
    again.kill('SIGINT');
    setTimeout(() => again.kill('SIGKILL'), 3000).unref();
    if (again.exitCode === null && again.signalCode === null) await gone;
  });
  await stage.eventually(() => connects(port), Boolean, `${program} did not start again`);
  return again;
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Of ZooKeeper: all that it knows is gone. */
export function wipeZookeeper({ child }: Engine): void {
  const config = child.spawnargs.find((arg) => arg.endsWith('.cfg')) ?? '';
  const folder = /^dataDir=(.*)$/m.exec(readFileSync(config, 'utf8'))?.[1] ?? '';
  rmSync(join(folder, 'version-2'), { recursive: true });
}
