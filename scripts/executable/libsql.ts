// libsql as one chunk more. Its own loader asks the system which of its packages to load; the executable carries one.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build, type Plugin } from 'rolldown';

/** What the chunk requires the addon as. */
export const ADDON_MODULE = '@libsql/addon';

const STAND_INS: Record<string, string> = {
  '@neon-rs/load': `exports.currentTarget = () => '${ADDON_MODULE.replace('@libsql/', '')}';`,
  'detect-libc': "exports.GLIBC = 'glibc'; exports.MUSL = 'musl'; exports.familySync = () => exports.GLIBC;",
};

const standIns: Plugin = {
  name: 'stand-ins',
  resolveId: (id) => (id in STAND_INS ? `\0${id}.cjs` : null),
  load: (id) => STAND_INS[id.replace(/^\0|\.cjs$/g, '')] ?? null,
};

/** Writes `file`, which loads the addon by ADDON_MODULE. */
export async function bundleLibsql(file: string): Promise<void> {
  await build({
    input: 'libsql/promise',
    platform: 'node',
    plugins: [standIns],
    output: { file, format: 'cjs' },
  });
}

/** The addon that npm installed for this system, which has to be one with glibc, as Node's own builds are. */
export function libsqlAddon(): { path: string; hash: string } {
  const libsql = createRequire(import.meta.url).resolve('libsql');
  const path = createRequire(libsql).resolve(`@libsql/linux-${process.arch}-gnu`);
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
  return { path, hash };
}
