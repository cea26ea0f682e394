// A container without a container engine: its own mounts and network by unshare(1), a root of BusyBox or this
// machine's files with a PATH of chosen programs, and a command that enters it as `docker exec -i` would.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface ContainerOptions {
  /** `busybox`: a root with nothing but its shell and `tools`; `host`: this machine's files, with a PATH of the shell and `tools`. */
  image?: 'busybox' | 'host';
  /** Default: what a slim image has, `wget`, `nslookup`, `date`, `grep` and `sha256sum`. */
  tools?: readonly string[];
  env?: Readonly<Record<string, string | undefined>>;
  /** Lines of /etc/hosts: name → address. */
  hosts?: Readonly<Record<string, string>>;
  /** What listens inside: `address:port` → base URL, outside, that it leads to. */
  ways?: Readonly<Record<string, string>>;
  /** Files of its working folder. */
  files?: Readonly<Record<string, string>>;
  /** Programs that are scripts: name → text. */
  scripts?: Readonly<Record<string, string>>;
}

export interface Container {
  /** Enters it and runs what is put behind it, for `--exec`. */
  readonly exec: string;
  /** The same with other variables in its environment. */
  execWith(changes: Readonly<Record<string, string | undefined>>): Promise<string>;
  close(): Promise<void>;
}

const SLIM = ['wget', 'nslookup', 'date', 'grep', 'sha256sum'];

/** Addresses its network has besides 127.0.0.1; the name of the registry mostly leads to the first. */
export const ADDRESS = '10.77.0.2';

/** Why there can be none here; undefined where there can. CI has to be able to. */
export const NO_CONTAINERS = reasonAgainst();

function reasonAgainst(): string | undefined {
  try {
    execFileSync('unshare', ['--net', '--mount', 'busybox', 'true'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    const why = `no containers: ${error instanceof Error ? error.message.trim() : error} (needs root, unshare, busybox-static)`;
    if (process.env.CI) throw new Error(why);
    return why;
  }
}

/** Starts one with a network of its own, which nothing leaves but by `ways`. */
export async function startContainer(options: ContainerOptions = {}): Promise<Container> {
  const {
    image = 'busybox',
    tools = SLIM,
    env = {},
    hosts = {},
    ways = {},
    files = {},
    scripts = {},
  } = options;
  const folder = await mkdtemp(join(tmpdir(), 'regctl-container-'));
  const root = join(folder, 'root');
  const bin = join(root, 'bin');
  for (const path of ['bin', 'etc', 'dev', 'proc']) await mkdir(join(root, path), { recursive: true });
  const names = Object.entries({ localhost: '127.0.0.1', ...hosts });
  await writeFile(join(root, 'etc/hosts'), names.map(([name, address]) => `${address} ${name}\n`).join(''));
  await writeFile(join(root, 'etc/resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  await writeFile(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  await writeFile(join(root, 'dev/null'), '');
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
  for (const [name, text] of Object.entries(scripts))
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  if (image === 'busybox') {
    await copyFile(whereIs('busybox'), join(bin, 'sh'));
    for (const tool of tools) await symlink('sh', join(bin, tool));
  } else {
    for (const tool of ['sh', ...tools]) await symlink(whereIs(tool), join(bin, tool));
  }
  const owned: { close(): Promise<void> }[] = [];
  const holder = await hold(root, image);
  for (const [inside, url] of Object.entries(ways)) owned.push(await openWay(holder, folder, inside, url));
  const change = image === 'busybox' ? `${quoted(whereIs('busybox'))} chroot ${quoted(root)}` : '';
  let entrances = 0;
  const execWith = async (changes: ContainerOptions['env']) => {
    const enter = join(folder, `enter-${entrances++}`);
    const words = Object.entries({ PATH: image === 'busybox' ? '/bin' : bin, ...env, ...changes }).flatMap(
      ([name, value]) => (value === undefined ? [] : [quoted(`${name}=${value}`)]),
    );
    const into = `nsenter --target ${holder.pid} --net --mount --wd=${quoted(root)}`;
    await writeFile(enter, `#!/bin/sh\nexec ${into} env -i ${words.join(' ')} ${change} "$@"\n`);
    await chmod(enter, 0o755);
    return enter;
  };
  return {
    exec: await execWith({}),
    execWith,
    async close() {
      await Promise.all(owned.map((each) => each.close()));
      await end(holder);
      await rm(folder, { recursive: true });
    },
  };
}

/** The path of a program of this machine; of Python the interpreter itself, which may stand behind a script. */
export function whereIs(program: string): string {
  if (program === 'node') return process.execPath;
  if (/^python/.test(program))
    return execFileSync(program, ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
}

/** True where this machine has the program. */
export function has(program: string): boolean {
  try {
    return whereIs(program) !== '';
  } catch {
    return false;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A process that keeps the namespaces; it ends when its stdin does, also where this process is killed. */
async function hold(root: string, image: 'busybox' | 'host'): Promise<ChildProcess> {
  const steps = [
    'busybox ip link set lo up',
    `busybox ip addr add ${ADDRESS}/32 dev lo`,
    `mount --bind /dev/null ${quoted(root)}/dev/null`,
    ...(image === 'host'
      ? ['hosts', 'resolv.conf', 'nsswitch.conf'].map(
          (name) => `[ ! -e /etc/${name} ] || mount --bind ${quoted(root)}/etc/${name} /etc/${name}`,
        )
      : // Without it the shell of BusyBox cannot run its own programs.
        [`mount -t proc proc ${quoted(root)}/proc`]),
    'echo ready',
    'exec cat',
  ];
  const child = spawn('unshare', ['--net', '--mount', 'sh', '-e', '-c', steps.join('\n')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await firstLine(child, 'the container did not start');
  return child;
}

/** Runs inside its network alone: takes connections there and hands them to a socket of this machine's files. */
const RELAY = `
const net = require('node:net');
const [, socket, host, port] = process.argv;
const server = net.createServer({ allowHalfOpen: true }, (near) => {
  const far = net.connect({ path: socket, allowHalfOpen: true });
  for (const [from, to] of [[near, far], [far, near]]) from.on('error', () => to.destroy()).pipe(to);
});
server.listen(Number(port), host, () => console.log('ready'));
process.stdin.on('end', () => process.exit()).resume();
`;

async function openWay(holder: ChildProcess, folder: string, inside: string, url: string) {
  const [host = '', port = ''] = inside.split(':');
  const path = join(folder, `${host}-${port}.sock`);
  const target = new URL(url);
  const bridge = net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ port: Number(target.port), host: target.hostname, allowHalfOpen: true });
    near.on('error', () => far.destroy()).pipe(far);
    far.on('error', () => near.destroy()).pipe(near);
  });
  await new Promise<void>((resolve) => bridge.listen(path, resolve));
  const relay = spawn(
    'nsenter',
    ['--target', `${holder.pid}`, '--net', process.execPath, '-e', RELAY, path, host, port],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  await firstLine(relay, `nothing listens at ${inside} inside`);
  return {
    async close() {
      await end(relay);
      await new Promise<void>((resolve) => bridge.close(() => resolve()));
    },
  };
}

async function firstLine(child: ChildProcess, otherwise: string): Promise<void> {
  if (child.stdout === null) throw new Error(otherwise);
  const lines = createInterface(child.stdout);
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit')]);
  if (line !== 'ready') throw new Error(otherwise);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
