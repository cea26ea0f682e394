// The code that V8 compiled, kept between runs: never needed, and never taken on trust.
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { emptyFolder, runCli } from '../support/run-cli.js';

describe('the code cache', () => {
  let home: string;
  let base: string;
  beforeEach(() => {
    home = emptyFolder();
    base = join(home, 'regctl');
  });

  const run = (env: Record<string, string> = {}) =>
    runCli(['context', 'list', '-o', 'name'], { env: { XDG_CACHE_HOME: home, ...env } });

  /** The file of `regctl context`. */
  function file(): string {
    const [folder = ''] = readdirSync(base);
    return join(base, folder, 'context');
  }

  async function works(env: Record<string, string> = {}): Promise<void> {
    expect(await run(env)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  }

  it('is the own file of its user and of the command, and is read rather than written again', async () => {
    await works();
    expect(lstatSync(file()).mode & 0o777).toBe(0o600);
    expect(lstatSync(base).mode & 0o777).toBe(0o700);
    const { ino } = lstatSync(file());
    await works();
    expect(lstatSync(file()).ino).toBe(ino);
    expect(readdirSync(join(file(), '..'))).toEqual(['context']);
  });

  it('grows by what another run of the command needs besides', async () => {
    await works();
    const { size } = lstatSync(file());
    const { code } = await runCli(['context', 'show'], { env: { XDG_CACHE_HOME: home } });
    expect(code).toBe(0);
    expect(lstatSync(file()).size).toBeGreaterThan(size);
  });

  const DAMAGES: readonly [string, (bytes: Buffer) => Buffer][] = [
    ['is empty', () => Buffer.alloc(0)],
    ['is no cache', () => Buffer.from('{"not":"a cache"}')],
    ['is nothing but zeros', (bytes) => Buffer.alloc(bytes.length)],
    ['is cut short', (bytes) => bytes.subarray(0, bytes.length / 2)],
    [
      'has a bit turned over',
      (bytes) => Buffer.from(bytes.map((byte, at) => (at === 5000 ? byte ^ 1 : byte))),
    ],
  ];
  it.each(DAMAGES)('is made anew where it %s', async (_, damage) => {
    await works();
    const whole = readFileSync(file());
    const damaged = damage(whole);
    writeFileSync(file(), damaged);
    await works();
    expect(readFileSync(file()).equals(damaged)).toBe(false);
    expect(readFileSync(file()).length).toBeGreaterThan(whole.length / 2);
  });

  it('is not read where others may write it, nor through a link', async () => {
    await works();
    for (const spoil of [
      () => chmodSync(file(), 0o666),
      () => {
        const moved = join(home, 'moved');
        writeFileSync(moved, readFileSync(file()), { mode: 0o600 });
        const path = file();
        symlinkTo(moved, path);
      },
    ]) {
      spoil();
      await works();
      // Written anew, since it was as if there were none.
      expect(lstatSync(file()).isFile()).toBe(true);
      expect(lstatSync(file()).mode & 0o777).toBe(0o600);
    }
  });

  it('is not written into a folder that others may write into', async () => {
    mkdirSync(base);
    chmodSync(base, 0o777);
    await works();
    expect(readdirSync(base).flatMap((name) => readdirSync(join(base, name)))).toEqual([]);
  });

  it.runIf(process.getuid?.() === 0)(
    'is not made among the files of somebody else, as under sudo',
    async () => {
      chownSync(home, 65_534, 65_534);
      await works();
      expect(readdirSync(home)).toEqual([]);
    },
  );

  it('is done without where there is no folder for it, or Node is told to have none', async () => {
    await works({ NODE_DISABLE_COMPILE_CACHE: '1' });
    expect(readdirSync(home)).toEqual([]);
    writeFileSync(base, 'a file, where a folder should be');
    await works();
    expect(readFileSync(base, 'utf8')).toBe('a file, where a folder should be');
    await works({ XDG_CACHE_HOME: 'relative', HOME: 'relative' });
  });
});

function symlinkTo(target: string, path: string): void {
  const link = `${path}.link`;
  symlinkSync(target, link);
  renameSync(link, path);
}
