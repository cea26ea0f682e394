// The folder a registry keeps its database in.
import { mkdir, open } from 'node:fs/promises';
import { platform } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { EmbeddedStore } from './embedded.js';
import { cannotUse } from './explain.js';

const DATABASE = 'registry.db';
const MEMORY = ':memory:';

/** Makes the folder durable as well: a database in a folder that a loss of power undoes is lost with it. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined || platform() === 'win32') return;
  const last = resolve(folder);
  for (let path = last; path.length >= first.length; path = dirname(path)) await sync(dirname(path));
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Opens the registry database in `dataDir`, which is made (for its owner alone) where it does not exist.
 * Throws CANNOT_SERVE, naming the file, where it is in use, damaged, of a newer version, or cannot be written.
 */
export async function openDataDir(dataDir: string): Promise<EmbeddedStore> {
  const file = join(dataDir, DATABASE);
  try {
    await makeFolder(dataDir);
    // Made here for its mode, which SQLite gives to the files beside it as well.
    await (await open(file, 'a', 0o600)).close();
    return await EmbeddedStore.open(file);
  } catch (error) {
    throw cannotUse(error, file);
  }
}

/** Opens one that ends with its process, and keeps nothing. Throws CANNOT_SERVE where there is no SQLite to be had. */
export async function openMemory(): Promise<EmbeddedStore> {
  try {
    return await EmbeddedStore.open(MEMORY);
  } catch (error) {
    throw cannotUse(error, MEMORY);
  }
}
