// The engines a deployed registry stands on, as the Debian packages zookeeper, postgresql and redis-server install
// them: real processes on free ports, in a temporary folder, fast to start and with nothing worth keeping.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Engine {
  readonly port: number;
  /** What regctl takes: `host:port` of ZooKeeper, else a URL without a password. */
  readonly address: string;
  readonly child: ChildProcess;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

export interface EngineOptions {
  /** Asked for by PostgreSQL and Redis; without one nobody is asked. */
  password?: string;
  /** PostgreSQL and Redis with TLS; Redis without it no more. */
  tls?: { readonly key: Buffer; readonly cert: Buffer };
  /** ZooKeeper as one of three servers of which the others are not there. */
  withoutQuorum?: boolean;
  /** ZooKeeper and PostgreSQL wait for the disk, as where their data is worth keeping. */
  durable?: boolean;
}

export type EngineName = 'zookeeper' | 'postgres' | 'redis';

const JAR = '/usr/share/java/zookeeper.jar';
const POSTGRES = '/usr/lib/postgresql';
const REDIS = '/usr/bin/redis-server';

/** The Debian packages that are missing. */
export function missingPackages(): string[] {
  const binaries = { zookeeper: [JAR, '/usr/bin/java'], postgresql: [POSTGRES], 'redis-server': [REDIS] };
  return Object.entries(binaries)
    .filter(([, paths]) => paths.some((path) => !existsSync(path)))
    .map(([name]) => name);
}

/** Starts one and resolves when it answers. Rejects with its log where it ends before. */
export function startEngine(name: EngineName, options: EngineOptions = {}): Promise<Engine> {
  if (name === 'zookeeper') return startZookeeper(options);
  return name === 'postgres' ? startPostgres(options) : startRedis(options);
}

async function startZookeeper({ withoutQuorum = false, durable = false }: EngineOptions): Promise<Engine> {
  const folder = await newFolder('zookeeper');
  const port = await freePort();
  const config = join(folder, 'zoo.cfg');
  const lines = [
    'tickTime=500',
    `dataDir=${folder}`,
    'clientPortAddress=127.0.0.1',
    `clientPort=${port}`,
    'admin.enableServer=false',
    'maxClientCnxns=0',
  ];
  if (withoutQuorum) {
    lines.push('initLimit=10', 'syncLimit=5');
    for (const id of [1, 2, 3]) lines.push(`server.${id}=127.0.0.1:${await freePort()}:${await freePort()}`);
    writeFileSync(join(folder, 'myid'), '1');
  }
  writeFileSync(config, lines.join('\n'));
  // A small heap, but where it has to hold what is measured, and no time spent on compiling what runs for seconds.
  const jvm = [durable ? '-Xmx512m' : '-Xmx64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  if (!durable) jvm.push('-Dzookeeper.forceSync=no');
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  const command = ['/usr/bin/java', ...jvm, '-cp', JAR, main, config];
  return run({
    command,
    folder,
    port,
    address: `127.0.0.1:${port}`,
    // Without its majority it never serves; by itself it says so only until it does.
    isUp: () => says(port, 'srvr', withoutQuorum ? /^This ZooKeeper instance/m : /^Mode: /m),
  });
}

async function startRedis({ password, tls }: EngineOptions): Promise<Engine> {
  const folder = await newFolder('redis');
  const port = await freePort();
  const config = join(folder, 'redis.conf');
  const lines = ['bind 127.0.0.1', `dir ${folder}`, 'save ""', 'appendonly no'];
  if (tls === undefined) lines.push(`port ${port}`);
  else {
    const { cert, key } = writeCertificate(folder, tls);
    lines.push('port 0', `tls-port ${port}`, `tls-cert-file ${cert}`, `tls-key-file ${key}`);
    lines.push('tls-auth-clients no');
  }
  if (password !== undefined) lines.push(`requirepass ${password}`);
  writeFileSync(config, lines.join('\n'), { mode: 0o600 });
  return run({
    command: [REDIS, config],
    folder,
    port,
    address: `${tls === undefined ? 'redis' : 'rediss'}://127.0.0.1:${port}`,
    isUp: async () => /Ready to accept connections/.test(log(folder)),
  });
}

async function startPostgres({ password, tls, durable = false }: EngineOptions): Promise<Engine> {
  const folder = await newFolder('postgres');
  const port = await freePort();
  const bin = join(POSTGRES, newest(readdirSync(POSTGRES)), 'bin');
  const data = join(folder, 'data');
  const user = unprivileged();
  if (user) chownSync(folder, user.uid, user.gid);
  const as = user ? { uid: user.uid, gid: user.gid } : {};
  const auth = password === undefined ? ['--auth', 'trust'] : ['--auth', 'scram-sha-256', '--pwfile'];
  if (password !== undefined) {
    const file = join(folder, 'password');
    writeFileSync(file, password, { mode: 0o600 });
    if (user) chownSync(file, user.uid, user.gid);
    auth.push(file);
  }
  const locale = ['--encoding', 'UTF8', '--locale', 'C'];
  const initdb = ['--no-sync', '--username', 'registry', ...locale, ...auth, '--pgdata', data];
  // Its own environment alone: variables of a client would be obeyed, too.
  execFileSync(join(bin, 'initdb'), initdb, { cwd: folder, env: {}, stdio: 'pipe', ...as });
  const settings = ['shared_buffers=8MB'];
  if (!durable) settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off');
  if (tls !== undefined) {
    const { cert, key } = writeCertificate(folder, tls, user);
    settings.push('ssl=on', `ssl_cert_file=${cert}`, `ssl_key_file=${key}`);
  }
  const command = [
    join(bin, 'postgres'),
    ...['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder],
    ...settings.flatMap((setting) => ['-c', setting]),
  ];
  const address = `postgres://registry@127.0.0.1:${port}/postgres`;
  return run({ command, folder, port, address, as, isUp: async () => /ready to accept/.test(log(folder)) });
}

function writeCertificate(
  folder: string,
  { cert, key }: NonNullable<EngineOptions['tls']>,
  owner?: { uid: number; gid: number },
): { cert: string; key: string } {
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
  if (owner) for (const file of Object.values(files)) chownSync(file, owner.uid, owner.gid);
  return files;
}

/** PostgreSQL refuses to run as root: its package has a user for it. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function newest(versions: readonly string[]): string {
  return [...versions].sort((a, b) => Number(b) - Number(a))[0] ?? '';
}

interface Plan {
  command: readonly string[];
  folder: string;
  port: number;
  address: string;
  as?: { uid?: number; gid?: number };
  isUp(): Promise<boolean>;
}

const START_MS = 30_000;

async function run({ command, folder, port, address, as, isUp }: Plan): Promise<Engine> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd: folder, env: {}, stdio: ['ignore', 'pipe', 'pipe'], ...as });
  const file = join(folder, 'log');
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => writeFileSync(file, chunk, { flag: 'a' }));
  const failed = once(child, 'error').then(([error]: unknown[]) => Promise.reject(error));
  failed.catch(() => undefined);
  // Whoever started it may end in disorder.
  const endAtOnce = () => child.kill('SIGKILL');
  process.once('exit', endAtOnce);
  const close = async () => {
    process.off('exit', endAtOnce);
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const gone = once(child, 'exit');
      // PostgreSQL takes SIGINT as "end now, in order"; SIGTERM waits for its clients.
      child.kill('SIGINT');
      const kill = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(kill);
    }
    await rm(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + START_MS;
  while (!(await Promise.race([isUp(), failed]))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      const text = log(folder);
      await close();
      throw new Error(`${program} did not start:\n${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { port, address, child, close };
}

function log(folder: string): string {
  const file = join(folder, 'log');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Sends `word` and tells whether the answer is as expected. */
function says(port: number, word: string, expected: RegExp): Promise<boolean> {
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect({ port, host: '127.0.0.1' }, () => socket.write(word));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (expected.test(text)) socket.destroy();
    });
    socket.on('close', () => resolve(expected.test(text)));
  });
}

async function newFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `regctl-${name}-`));
}

/** One that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
