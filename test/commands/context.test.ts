// regctl context: named registries in a file.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startCoordinatorReplica } from '../support/coordinator-replica.js';
import { type CliOptions, emptyFolder, runCli } from '../support/run-cli.js';
import { errorOf, inEveryFormat, SECRET, startServe } from '../support/targets.js';

/** An operator with a folder for settings that outlives one command. */
function operator() {
  const folder = emptyFolder();
  const path = join(folder, 'regctl', 'contexts.yaml');
  const run = (args: readonly string[], options: CliOptions = {}) =>
    runCli(args, { ...options, env: { XDG_CONFIG_HOME: folder, ...options.env } });
  return { folder, path, run, file: async () => parse(await readFile(path, 'utf8')) };
}

describe('context', () => {
  it('is set, listed, used, shown and deleted', async () => {
    const { run, file, path } = operator();
    expect(await run(['context', 'list'])).toMatchObject({ code: 0, stdout: 'No contexts.\n' });
    expect((await run(['context', 'list', '--json'])).stdout).toBe('[]\n');
    const first = await run(['context', 'set', 'staging', '--registry', 'http://staging:8082']);
    expect(first).toMatchObject({ code: 0, stdout: 'Saved context staging (http://staging:8082).\n' });
    await run([
      'context',
      'set',
      'prod',
      '--registry',
      'https://prod',
      '--api',
      'coordinator',
      '--timeout',
      '9s',
    ]);
    // Only what is given changes; the first one made is the current one.
    await run(['context', 'set', 'prod', '--service-id', '42', '--unset', 'timeout']);
    expect(await file()).toEqual({
      current: 'staging',
      contexts: {
        staging: { registry: 'http://staging:8082' },
        prod: { registry: 'https://prod', api: 'coordinator', service_id: 42 },
      },
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);

    expect((await run(['context', 'use', 'prod'])).stdout).toBe('Using context prod (https://prod).\n');
    const found = await inEveryFormat(run, ['context', 'list']);
    expect(found.table.stdout).toMatch(
      /^ +NAME +REGISTRY +API\n\* +prod +https:\/\/prod +coordinator\n +staging +http:\/\/staging:8082 +auto\n$/,
    );
    const document = JSON.parse(found.json.stdout);
    expect(document).toEqual([
      { name: 'prod', current: true, registry: 'https://prod', api: 'coordinator' },
      { name: 'staging', current: false, registry: 'http://staging:8082', api: 'auto' },
    ]);
    expect(parse(found.yaml.stdout)).toEqual(document);
    expect(
      found.ndjson.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(document);
    expect(found.name.stdout).toBe('prod\nstaging\n');
    expect(found.wide.stdout).toBe(found.table.stdout);

    const shown = await run(['context', 'show']);
    expect(shown.stdout).toMatch(/^registry +https:\/\/prod +context prod \(registry\)$/m);
    expect(shown.stdout).toMatch(/^SERVICE_ID +42 +context prod$/m);
    expect(shown.stdout).not.toContain('JWT_SECRET');

    expect((await run(['context', 'delete', 'prod', '--json'])).code).toBe(0);
    expect(await file()).toEqual({ contexts: { staging: { registry: 'http://staging:8082' } } });
  });

  it('says which contexts there are where one is unknown', async () => {
    const { run, file } = operator();
    await run(['context', 'set', 'staging', '--registry', 'http://staging:8082']);
    const [use, gone, flag, variable] = await Promise.all([
      run(['context', 'use', 'prod', '--json']),
      run(['context', 'delete', 'prod', '--yes', '--json']),
      run(['list', '--context', 'prod', '--json']),
      run(['list', '--json'], { env: { REGCTL_CONTEXT: 'prod' } }),
    ]);
    for (const result of [use, gone, flag, variable]) expect(result.code).toBe(2);
    expect(errorOf(use)).toMatchObject({
      code: 'CONTEXT_NOT_FOUND',
      message: expect.stringContaining('there are staging'),
    });
    expect(errorOf(gone).code).toBe('CONTEXT_NOT_FOUND');
    expect(errorOf(flag).message).toContain('(from flag --context) names "prod"');
    expect(errorOf(variable).message).toContain('names "prod"');
    expect(await file()).toEqual({
      current: 'staging',
      contexts: { staging: { registry: 'http://staging:8082' } },
    });
  });

  it('refuses what would not work, and leaves the file as it was', async () => {
    const { run, folder, path } = operator();
    await writeFile(join(folder, 'headers'), 'not a header\n');
    await run(['context', 'set', 'good', '--registry', 'http://good']);
    const before = await readFile(path, 'utf8');
    const cases: [args: string[], says: string][] = [
      [['a/b', '--registry', 'http://x'], 'cannot be the name of a context'],
      [['good', '--registry', 'nonsense'], 'must be an http or https URL without credentials'],
      [['good', '--registry', 'http://user:secret@x'], 'must be an http or https URL without credentials'],
      [['good', '--path', 'fly=/x'], '--path fly=/x is refused'],
      [['good', '--path', 'register=x'], 'must be CALL=/PATH'],
      [['good', '--header-file', join(folder, 'headers')], 'is no header'],
      [['good', '--header-file', join(folder, 'missing')], 'cannot be read'],
      [['good', '--secret-file', 'x', '--secret-command', 'y'], 'secret'],
      [['good', '--service-id', '0'], 'Expected an integer greater than or equal to 1'],
      [['good', '--unset', 'nonsense'], 'Expected --unset=nonsense to be one of'],
    ];
    await Promise.all(
      cases.map(async ([args, says]) => {
        const { code, stdout, stderr } = await run(['context', 'set', ...args]);
        expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
        expect(stderr).toContain(says);
      }),
    );
    expect(await readFile(path, 'utf8')).toBe(before);

    await writeFile(path, 'contexts: [broken');
    const broken = await run(['context', 'list']);
    expect(broken).toMatchObject({ code: 2, stdout: '' });
    expect(broken.stderr).toContain(`${path}) is not YAML`);
    await writeFile(path, 'contexts: { good: { registri: http://x } }');
    expect((await run(['list'])).stderr).toContain('is wrong at contexts.good.registri');
  });

  it('carries moved paths, a key as a header, the id and the secret to a Coordinator of another make', async () => {
    const { run, folder } = operator();
    const paths = {
      register: '/droplets/register',
      deregister: '/droplets/leave',
      services: '/catalog',
      heartbeat: '/beat',
    };
    const coordinator = await startCoordinatorReplica({
      secret: SECRET,
      canList: true,
      paths,
      requireHeaders: { 'X-Registry-Key': 'key-1' },
    });
    await writeFile(join(folder, 'headers'), 'X-Registry-Key: key-1\n');
    await writeFile(join(folder, 'secret'), SECRET);
    await run(
      [
        ...['context', 'set', 'droplets', '--registry', coordinator.url, '--api', 'coordinator'],
        ...[
          '--service-id',
          '7',
          '--secret-file',
          'secret',
          '--header-file',
          'headers',
          '--path',
          'register=/droplets/register',
        ],
        ...[
          '--path',
          'deregister=/droplets/leave',
          '--path',
          'heartbeat=/beat',
          '--path',
          'services=/catalog',
        ],
        ...['--path', 'service=/catalog/{service}'],
      ],
      { cwd: folder },
    );
    const register = await run(['register', 'asr-service', '--url', 'http://asr:1', '--wait']);
    expect(register).toMatchObject({ code: 0, stderr: expect.stringContaining('Registered asr-service/') });
    const [list, url, beat] = await Promise.all([
      run(['list', '-o', 'name']),
      run(['discover', 'asr-service']),
      run(['heartbeat', '--once', '-o', 'name']),
    ]);
    expect([list.stdout, url.stdout, beat.stdout]).toEqual([
      'asr-service\n',
      'http://asr:1\n',
      'service id 7\n',
    ]);
    expect((await run(['deregister', 'asr-service', '--service-id', '7'])).code).toBe(0);

    await run(['context', 'set', 'droplets', '--unset', 'headers']);
    const refused = await run(['list', '--json']);
    expect(refused.code).toBe(4);
    expect(errorOf(refused)).toMatchObject({ code: 'FORBIDDEN', exit: 4 });
    await coordinator.close();
  });

  it('takes the secret from a command, and says no more of it than how it ended', async () => {
    const { run } = operator();
    const serve = await startServe(['--memory', '--auth', 'jwt']);
    const words = (script: string) =>
      [process.execPath, '-e', script].flatMap((word) => ['--secret-command', word]);
    const set = (script: string) =>
      run(['context', 'set', 'c', '--registry', serve.url, '--service-id', '7', ...words(script)]);
    await set(`console.log(${JSON.stringify(SECRET)}); console.log('user: x')`);
    const register = ['register', 'asr-service', '--url', 'http://asr:1', '--json'];
    expect((await run(register)).code).toBe(0);
    await set(`console.log('leaked-by-command'); console.error('leaked-by-command'); process.exit(3)`);
    const failed = await run(register);
    expect(failed.code).toBe(2);
    expect(errorOf(failed).message).toContain('ended with 3');
    expect(failed.stdout + failed.stderr).not.toContain('leaked-by-command');
    await serve.close();
  });
});
