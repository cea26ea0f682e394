// The native addon of the store: it can be loaded from a file alone, so the executable writes the one it carries. What is
// found on the disk is loaded where it is ours and equal to that, byte for byte.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseFolder, ourFolder, readOurs, replace } from './code-cache.js';

export interface Addon {
  bytes: Buffer;
  /** Differs where the bytes do. */
  hash: string;
}

const FILE = 'libsql.node';

/**
 * The exports of the addon, from the user's own cache folder or, where it cannot be kept there, a temporary one. Throws
 * ERR_DLOPEN_FAILED, as Node does, where it cannot be loaded from either.
 */
export function loadAddon(addon: Addon, environment: Readonly<Record<string, string | undefined>>): unknown {
  try {
    const path = keptFile(addon, environment);
    if (path !== undefined) return open(path);
  } catch {
    // A full disk, a folder that may only be read, or that holds nothing to be executed.
  }
  try {
    return openTemporary(addon);
  } catch (cause) {
    const code = 'ERR_DLOPEN_FAILED';
    throw Object.assign(new Error(cause instanceof Error ? cause.message : String(cause), { cause }), {
      code,
    });
  }
}

/** From a file that only this process sees. */
function openTemporary({ bytes }: Addon): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'regctl-'));
  try {
    const path = join(folder, FILE);
    writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' });
    return open(path);
  } finally {
    // What is loaded stays so without its file.
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The file in the cache folder, written where it is not what it should be; undefined where there can be none. */
function keptFile(
  { bytes, hash }: Addon,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const base = baseFolder(environment);
  if (base === undefined) return undefined;
  const folder = ourFolder(base, `addon-${hash}`);
  if (folder === undefined) return undefined;
  const path = join(folder, FILE);
  const isWhole = () => readOurs(path)?.equals(bytes) === true;
  if (isWhole()) return path;
  replace(path, bytes);
  return isWhole() ? path : undefined;
}

function open(path: string): unknown {
  const module = { exports: {} };
  process.dlopen(module, path);
  return module.exports;
}
