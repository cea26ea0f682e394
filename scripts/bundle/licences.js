// What a bundle owes to the packages in it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The licences of all packages that modules of these paths are of: name, version, and the text that came with each. */
export function licencesOf(modules) {
  const folders = modules.map((path) => /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  const found = [...new Set(folders.filter(Boolean))].sort();
  return `${found.map(licenceIn).join(`\n${'-'.repeat(80)}\n\n`)}`;
}

function licenceIn(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return `${name} ${version} (${license ?? 'see below'})\n\n${texts.join('\n\n')}\n`;
}
