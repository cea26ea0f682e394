// The command lines in README.md and docs/*.md: the commands and flags in them exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROOT = new URL('..', import.meta.url);
const {
  commands,
}: {
  commands: Record<
    string,
    { aliases: string[]; flags: Record<string, { char?: string; allowNo?: boolean }> }
  >;
} = JSON.parse(readFileSync(new URL('oclif.manifest.json', ROOT), 'utf8'));

const pages = ['README.md', ...readdirSync(new URL('docs/', ROOT)).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md'),
);

const lines = pages.flatMap((page) => {
  const text = readFileSync(new URL(page, ROOT), 'utf8');
  return [...text.matchAll(/\bregctl ((?:[a-z][\w-]*|--[\w-]+)(?: [^`|#)\n]+)?)/g)].map(([, line = '']) => ({
    page,
    line,
  }));
});

/** What is wrong with a command line; undefined where nothing is. */
function problem(line: string): string | undefined {
  // What is quoted is an argument, and may be a command of its own.
  const words = line
    .replace(/'[^']*'|"[^"]*"/g, '…')
    .split(/\s+/)
    .filter((word) => word !== '');
  const names = words.filter((word) => !word.startsWith('-'));
  const id = [names.slice(0, 2).join(':'), names[0] ?? ''].find(
    (name) => commands[name] ?? Object.values(commands).some(({ aliases }) => aliases.includes(name)),
  );
  if (id === undefined) return 'no such command';
  const command = commands[id] ?? Object.values(commands).find(({ aliases }) => aliases.includes(id));
  const known = Object.entries(command?.flags ?? {}).flatMap(([name, { char, allowNo }]) => [
    `--${name}`,
    ...(char === undefined ? [] : [`-${char}`]),
    ...(allowNo === true ? [`--no-${name}`] : []),
  ]);
  const strangers = words.filter(
    (word) => /^--?[a-z]/.test(word) && !known.includes(word.replace(/=.*/, '')),
  );
  return strangers.length === 0 ? undefined : `no such flag: ${strangers.join(', ')}`;
}

it('every command line in the documentation can be run', () => {
  expect(lines.length).toBeGreaterThan(30);
  const wrong = lines.map(({ page, line }) => ({ page, line, problem: problem(line) }));
  expect(wrong.filter((each) => each.problem !== undefined)).toEqual([]);
});

it('every link in the documentation leads to a file', () => {
  const broken = pages.flatMap((page) => {
    const text = readFileSync(new URL(page, ROOT), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(
      ([, link = '']) => new URL(link, new URL(page, ROOT)),
    );
    return links.filter((link) => !existsSync(link)).map((link) => `${page}: ${link.pathname}`);
  });
  expect(broken).toEqual([]);
});
