// regctl mint-token: what it prints holds for an independent verifier.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { verifyHs256 } from '../support/hs256.js';
import { type CliOptions, emptyFolder, runCli } from '../support/run-cli.js';
import { errorOf, inEveryFormat, SECRET } from '../support/targets.js';

const env = { JWT_SECRET: SECRET, SERVICE_ID: '42' };
const mint = (args: readonly string[] = [], options: CliOptions = {}) =>
  runCli(['mint-token', ...args], { ...options, env: { ...env, ...options.env } });
const now = () => Math.floor(Date.now() / 1000);
const claimsOf = (token: string, secret = SECRET, at = now()) => verifyHs256(token.trim(), secret, at);

describe('mint-token', () => {
  it('prints a token alone, in every format, signed with the secret for the service id', async () => {
    const found = await inEveryFormat(runCli, ['mint-token'], { env });
    for (const output of ['table', 'wide', 'name'] as const) {
      expect(found[output]).toMatchObject({ code: 0, stderr: '' });
      const claims = claimsOf(found[output].stdout);
      expect(claims).toEqual({ service_id: 42, iat: expect.any(Number), exp: Number(claims?.iat) + 3600 });
      expect(claimsOf(found[output].stdout, `not ${SECRET}`)).toBeUndefined();
    }
    for (const document of [
      JSON.parse(found.json.stdout),
      JSON.parse(found.ndjson.stdout),
      parse(found.yaml.stdout),
    ]) {
      const claims = claimsOf(document.token);
      expect(document).toEqual({
        token: expect.any(String),
        service_id: 42,
        expires_at: new Date(Number(claims?.exp) * 1000).toISOString(),
      });
    }
  });

  it('puts flags into claims', async () => {
    const { stdout } = await mint([
      ...['--service-id', '7', '--ttl', '10m', '--audience', 'asr', '--issuer', 'ops', '--not-before', '1m'],
      ...['--claim', 'role=reader', '--claim', 'scopes:=["a",1]'],
    ]);
    const claims = claimsOf(stdout, SECRET, now() + 120);
    expect(claims).toMatchObject({ service_id: 7, aud: 'asr', iss: 'ops', role: 'reader', scopes: ['a', 1] });
    expect(Number(claims?.exp) - Number(claims?.iat)).toBe(600);
    expect(Number(claims?.nbf) - Number(claims?.iat)).toBe(60);
    expect(claimsOf(stdout)).toBeUndefined();
  });

  it('warns of a token that never expires', async () => {
    const { code, stdout, stderr } = await mint(['--ttl', 'none', '--json']);
    expect(code).toBe(0);
    expect(stderr).toContain('Warning: this token never expires');
    const { token, expires_at } = JSON.parse(stdout);
    expect(expires_at).toBeNull();
    expect(claimsOf(token)).not.toHaveProperty('exp');
  });

  it('takes the secret from a file or standard input, without the newline behind it', async () => {
    const cwd = emptyFolder();
    await writeFile(join(cwd, 'secret'), `file ${SECRET}\n`);
    const [file, stdin] = await Promise.all([
      mint(['--secret-file', 'secret'], { cwd }),
      mint(['--secret-stdin'], { input: `stdin ${SECRET}\r\n` }),
    ]);
    expect(claimsOf(file.stdout, `file ${SECRET}`)).toMatchObject({ service_id: 42 });
    expect(claimsOf(stdin.stdout, `stdin ${SECRET}`)).toMatchObject({ service_id: 42 });
  });

  it('refuses a secret that is none, and says how', async () => {
    const cwd = emptyFolder();
    await writeFile(join(cwd, 'empty'), '\n');
    const cases: [JWT_SECRET: string, args: string[], says: string][] = [
      ['', [], 'JWT_SECRET is not set'],
      ['', ['--secret-file', 'empty'], 'JWT_SECRET (from empty) is empty'],
      ['', ['--secret-file', 'missing'], 'The secret file missing cannot be read: there is no such file.'],
      ['short', [], 'has 5 bytes; HS256 asks for at least 32'],
      ['k'.repeat(31), [], 'has 31 bytes'],
      ['[PROVIDED BY COORDINATOR]', [], 'is a placeholder, not a secret'],
    ];
    await Promise.all(
      cases.map(async ([JWT_SECRET, args, says]) => {
        const { code, stdout, stderr } = await mint(args, { cwd, env: { JWT_SECRET } });
        expect({ says, code, stdout }).toEqual({ says, code: 2, stdout: '' });
        expect(stderr).toContain(says);
      }),
    );
    const weak = await mint(['--allow-weak-secret'], { env: { JWT_SECRET: 'short' } });
    expect(weak.code).toBe(0);
    expect(weak.stderr).toContain('Warning: JWT_SECRET has 5 bytes');
    expect(claimsOf(weak.stdout, 'short')).toBeDefined();
  });

  it('refuses what is no claim, id or duration', async () => {
    const cases: [args: string[], says: string][] = [
      [['--claim', 'service_id:=1'], 'that claim is set by --service-id'],
      [['--claim', 'exp:=1'], 'that claim is set by --ttl'],
      [['--claim', 'aud=x'], 'that claim is set by --audience'],
      [['--claim', 'plain'], '--claim is not of the form key=value'],
      [['--ttl', 'soon'], '--ttl soon is no duration'],
      [['--not-before', 'soon'], 'is not a duration'],
      [['--service-id', '0'], 'is not the positive integer'],
      [['--service-id', '1.5'], 'is not the positive integer'],
    ];
    await Promise.all(
      cases.map(async ([args, says]) => {
        const result = await mint([...args, '--json']);
        expect({ args, code: result.code }).toEqual({ args, code: 2 });
        expect(errorOf(result).message).toContain(says);
      }),
    );
  });
});
