// docs/ci.md: its workflows are what the CI systems take, and its commands do what it says, against a real registry.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ENTRY, emptyFolder, type RunningCli, startCli } from '../support/run-cli.js';

const PAGE = readFileSync(new URL('../../docs/ci.md', import.meta.url), 'utf8');
const SECRET = 'a-secret-of-the-tests-that-is-long-enough-for-hs256';

/** The blocks of code of a language, in order. */
function blocks(language: string): string[] {
  return [...PAGE.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , text = '']) => text);
}

interface Step {
  name?: string;
  uses?: string;
  run?: string;
  if?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}

interface Workflow {
  on: string[];
  permissions: Record<string, string>;
  jobs: {
    doctor: { 'runs-on': string; 'timeout-minutes': number; env: Record<string, string>; steps: Step[] };
  };
}

interface Job {
  script: string[];
  variables: Record<string, string>;
  artifacts: { when: string; paths: string[]; reports: { junit: string } };
}

const [githubText = '', gitlabText = ''] = blocks('yaml');
const { doctor: githubJob, ...otherJobs } = (parse(githubText) as Workflow).jobs;
const gitlabJob = (parse(gitlabText) as { doctor: Job }).doctor;
const [shell = '', nightly = '', ownRegistry = ''] = blocks('sh');

describe('docs/ci.md', () => {
  let serve: RunningCli;
  /** A job's environment, and what `vars` and `secrets` hold. */
  let values: Record<string, string>;
  let bin: string | undefined;

  beforeAll(async () => {
    // Beats every 5 s: the doctor waits for the next one.
    const often = ['--down-after', '15s'];
    serve = startCli(['serve', '--memory', '--samples', '--port', '0', ...often, '--json'], {
      env: { JWT_SECRET: SECRET },
    });
    await serve.until(/"samples":.*\n/);
    const { url, samples } = JSON.parse(serve.stdout());
    const [sample] = samples;
    const { hostname, port } = new URL(sample.url);
    values = {
      CONFIG_SERVICE_URL: url,
      SERVICE_NAME: sample.name,
      SERVICE_ID: String(sample.service_id),
      SERVICE_HOST: hostname,
      SERVICE_PORT: port,
      JWT_SECRET: SECRET,
      REGCTL_PACKAGE: './regctl-0.1.0.tgz',
    };
    bin = emptyFolder();
    await script('regctl', `exec '${process.execPath}' '${ENTRY}' "$@"`);
    // What is installed is what is here.
    await script('npm', 'test "$*" = "install --global ./regctl-0.1.0.tgz"');
  });

  afterAll(async () => {
    serve?.child.kill('SIGTERM');
    await serve?.done;
    if (bin !== undefined) await rm(bin, { recursive: true });
  });

  async function script(name: string, text: string): Promise<void> {
    await writeFile(join(bin ?? '', name), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin ?? '', name), 0o755);
  }

  /** Runs the lines as both systems do: one after the other, until one fails. */
  async function run(text: string, env: Record<string, string>) {
    const cwd = emptyFolder();
    await mkdir(join(cwd, '.home'));
    const child = spawn('sh', ['-e', '-c', text], {
      cwd,
      env: { PATH: `${bin}:${process.env.PATH}`, HOME: join(cwd, '.home'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
    const [code] = await once(child, 'close');
    return { code, stdout, stderr, cwd };
  }

  function github(env: Record<string, string>) {
    const lines = githubJob.steps.flatMap((step) => step.run ?? []);
    const settings = [githubJob.env, ...githubJob.steps.map((step) => step.env ?? {})];
    const own = settings.flatMap(Object.entries).map(([name, text]: [string, string]) => {
      const filled = text.replace(/\$\{\{ (?:vars|secrets)\.(\w+) \}\}/g, (_, key) => env[key] ?? '');
      return [name, filled];
    });
    return run(`export GITHUB_STEP_SUMMARY="$PWD/summary" GITHUB_WORKSPACE="$PWD"\n${lines.join('\n')}`, {
      GITHUB_ACTIONS: 'true',
      ...Object.fromEntries(own),
    });
  }

  it('has a workflow that GitHub takes, which keeps the reports also of a red run', () => {
    const { on, permissions } = parse(githubText) as Workflow;
    expect({ on, otherJobs }).toEqual({ on: ['push', 'workflow_dispatch'], otherJobs: {} });
    expect(permissions).toEqual({ actions: 'read', contents: 'read', 'security-events': 'write' });
    expect(githubJob['runs-on']).toBe('ubuntu-latest');
    for (const step of githubJob.steps) {
      expect([step.uses === undefined, step.run === undefined].filter(Boolean)).toHaveLength(1);
      expect(step.uses ?? 'a/b@v1').toMatch(/^[\w-]+\/[\w/-]+@v\d+$/);
    }
    const keeping = githubJob.steps.filter(({ uses }) => uses?.includes('upload'));
    expect(keeping.map((step) => step.if)).toEqual([
      'always()',
      "always() && hashFiles('doctor.sarif') != ''",
    ]);
    const knowing = githubJob.steps.filter((step) => step.env?.JWT_SECRET !== undefined);
    expect(knowing.map((step) => [step.name, step.env?.JWT_SECRET])).toEqual([
      ['Is it integrated?', expect.stringMatching(/^\$\{\{ secrets\./)],
    ]);
    expect(githubJob.env).not.toHaveProperty('JWT_SECRET');
  });

  it.concurrent('the GitHub job is green where all is well, and leaves what it uploads and a summary', async () => {
    const { code, stderr, stdout, cwd } = await github(values);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Verdict: pass');
    expect(await readFile(join(cwd, 'summary'), 'utf8')).toMatch(/^## ✅ Doctor: all is well\n/);
    const uploads = githubJob.steps.flatMap((step) => [step.with?.path, step.with?.sarif_file]);
    const files = uploads.filter((each) => typeof each === 'string');
    expect(files.filter((file) => !existsSync(join(cwd, file)))).toEqual([]);
    expect(files).toEqual(['doctor.html', 'doctor.sarif']);
  });

  it.concurrent('the GitHub job is red, with an annotation, where something is wrong', async () => {
    const { code, stderr, cwd } = await github({ ...values, JWT_SECRET: '' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^::error title=env\.jwt-secret \(SECRET_MISSING\)::/m);
    expect(await readFile(join(cwd, 'summary'), 'utf8')).toContain('First mend `env.jwt-secret`');
    expect(await readFile(join(cwd, 'doctor.html'), 'utf8')).toContain('Not integrated');
  });

  it.concurrent('the GitLab job is green, and leaves its artifacts', async () => {
    expect(gitlabJob.artifacts.when).toBe('always');
    const { code, cwd } = await run(gitlabJob.script.join('\n'), { ...values, ...gitlabJob.variables });
    expect(code).toBe(0);
    const { paths, reports } = gitlabJob.artifacts;
    expect([...paths, reports.junit].filter((path) => !existsSync(join(cwd, path)))).toEqual([]);
    expect(await readFile(join(cwd, reports.junit), 'utf8')).toMatch(
      /<testsuites [^>]*failures="0" errors="0"/,
    );
  });

  it.concurrent('the shell says what it came to, with the exit code of the doctor', async () => {
    const [green, red] = await Promise.all([run(shell, values), run(shell, { ...values, JWT_SECRET: '' })]);
    expect(green).toMatchObject({ code: 0, stdout: expect.stringContaining('\nIntegrated.\n') });
    expect(red).toMatchObject({ code: 1, stdout: expect.stringContaining('\nNot integrated: doctor.html') });
    expect(existsSync(join(red.cwd, 'doctor.json'))).toBe(true);
  });

  it.concurrent('the nightly run is green where nothing is new, and keeps the report for the next', async () => {
    const { code, stderr, cwd } = await run(nightly, { ...values, JWT_SECRET: '' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { verdict } = JSON.parse(await readFile(join(cwd, 'last.json'), 'utf8'));
    expect(verdict).toBe('fail');
    expect(existsSync(join(cwd, 'next.json'))).toBe(false);
  });

  it.concurrent('a registry for the job is up in time, and ends with it', async () => {
    const port = await freePort();
    const { code, stdout } = await run(ownRegistry.replaceAll('18082', port), {});
    expect({ code, verdict: /Verdict: \w+/.exec(stdout)?.[0] }).toEqual({
      code: 0,
      verdict: 'Verdict: pass',
    });
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
  });
});

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? String(address.port) : '';
}
