// What V8 compiled, kept for the next run of the same command in the user's own cache folder. Where it cannot be read,
// written or trusted there is none, which costs time and nothing else.
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import type { Script } from 'node:vm';
import { BUILD } from './build.js';

export interface CodeCache {
  /** The compiled code of a chunk, undefined where there is none. */
  get(chunk: string): Buffer | undefined;
  /** Notes a chunk that had to be compiled. */
  add(chunk: string, script: Script): void;
  /** Writes what was added, with what was there before. Never throws. */
  save(): void;
}

/**
 * Of a file: the length of the index, the index, the code of its chunks in a row; and all of it once more. V8 does not look
 * whether code is damaged, and comparing two copies takes a tenth of a millisecond where a checksum takes four.
 */
const HEADER_BYTES = 4;
const MAX_BYTES = 32 * 2 ** 20;
const OLD_MS = 30 * 86_400_000;
/** Code of another Node, or of another bundle, is another folder's. */
const KEY = `${BUILD}-${process.version}-${process.arch}`;

/** Names to lengths in bytes, in the order of the code. */
type Index = readonly (readonly [chunk: string, bytes: number])[];

/** Opens the cache of one command; `environment` says where the user's cache folder is, and whether there is to be one. */
export function openCodeCache(
  command: string,
  environment: Readonly<Record<string, string | undefined>>,
): CodeCache {
  const base = baseFolder(environment);
  const found = base === undefined ? new Map<string, Buffer>() : read(`${base}/${KEY}/${command}`);
  const added = new Map<string, Script>();
  return {
    get: (chunk) => found.get(chunk),
    add: (chunk, script) => void added.set(chunk, script),
    save() {
      if (base === undefined || added.size === 0) return;
      for (const [chunk, script] of added) found.set(chunk, script.createCachedData());
      write(base, command, found);
    },
  };
}

/** `regctl` in XDG_CACHE_HOME or ~/.cache (XDG Base Directory Specification); Node's own variable turns it off. */
export function baseFolder({
  HOME,
  XDG_CACHE_HOME,
  NODE_DISABLE_COMPILE_CACHE,
}: Readonly<Record<string, string | undefined>>): string | undefined {
  if (NODE_DISABLE_COMPILE_CACHE) return undefined;
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return `${XDG_CACHE_HOME}/regctl`;
  return HOME && isAbsolute(HOME) ? `${HOME}/.cache/regctl` : undefined;
}

/** What is there is run as code: it has to be ours, and nobody else may have written it. */
function isOurs(stats: Stats): boolean {
  return stats.uid === process.getuid?.() && (stats.mode & 0o022) === 0;
}

/**
 * The folder `name` in `base`, made where it is not there; undefined where it is not ours alone to write into, or would be
 * made among somebody else's, as under sudo, who could not write there any more.
 */
export function ourFolder(base: string, name: string): string | undefined {
  if (statSync(nearestFolder(base)).uid !== process.getuid?.()) return undefined;
  const folder = `${base}/${name}`;
  const isNew = mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined;
  const areOurs = [base, folder]
    .map((path) => lstatSync(path))
    .every((stats) => stats.isDirectory() && isOurs(stats));
  if (!areOurs) return undefined;
  if (isNew) forgetOld(base);
  return folder;
}

/** The one that is there. */
function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}

function read(path: string): Map<string, Buffer> {
  const bytes = readOurs(path);
  if (bytes === undefined || bytes.length < 2 * HEADER_BYTES) return new Map();
  const [copy, other] = [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)];
  try {
    if (copy.equals(other)) return chunksOf(copy);
  } catch {
    // Two halves alike, and no cache: what a loss of power left.
  }
  return new Map();
}

/** The code of each chunk in the bytes of a file that is whole. */
export function chunksOf(bytes: Buffer): Map<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  const end = HEADER_BYTES + bytes.readUInt32LE(0);
  let at = aligned(end);
  for (const [chunk, length] of JSON.parse(bytes.toString('utf8', HEADER_BYTES, end)) as Index) {
    chunks.set(chunk, bytes.subarray(at, at + length));
    at = aligned(at + length);
  }
  return chunks;
}

/** V8 reads code where it is if that is at a multiple of eight, and copies it otherwise. */
const aligned = (at: number): number => Math.ceil(at / 8) * 8;

const padded = (part: Buffer): Buffer => Buffer.concat([part], aligned(part.length));

export function readOurs(path: string): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const stats = fstatSync(file);
    if (!stats.isFile() || !isOurs(stats) || stats.size > MAX_BYTES) return undefined;
    const bytes = Buffer.allocUnsafeSlow(stats.size);
    return readSync(file, bytes) === bytes.length ? bytes : undefined;
  } catch {
    // None yet, or none that may be read.
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function write(base: string, command: string, chunks: ReadonlyMap<string, Buffer>): void {
  const index: Index = [...chunks].map(([chunk, { length }]) => [chunk, length]);
  const head = Buffer.from(JSON.stringify(index));
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(head.length);
  const copy = Buffer.concat([Buffer.concat([header, head]), ...chunks.values()].map(padded));
  const body = Buffer.concat([copy, copy]);
  if (body.length > MAX_BYTES) return;
  try {
    const folder = ourFolder(base, KEY);
    if (folder !== undefined) replace(`${folder}/${command}`, body);
  } catch {
    // A full disk, a folder that may only be read: the next run compiles again.
  }
}

/** Whoever reads meanwhile has the old file or the new one, whole. */
export function replace(path: string, body: Buffer): void {
  const unfinished = `${path}.${process.pid}`;
  try {
    writeFileSync(unfinished, body, { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** Folders that no Node and no regctl has written into for long. */
function forgetOld(base: string): void {
  for (const name of readdirSync(base)) {
    const path = `${base}/${name}`;
    if (Date.now() - lstatSync(path).mtimeMs > OLD_MS) rmSync(path, { recursive: true, force: true });
  }
}
