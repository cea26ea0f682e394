// Where reports go: files, whole or not at all, and GitHub Actions.
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { writeReport } from '../../src/doctor/write-report.js';
import {
  parseReportFile,
  type ReportFile,
  requireWritable,
  writeReports,
} from '../../src/operations/doctor-reports.js';
import { startHostile } from '../support/hostile-registry.js';
import { runCli, startCli } from '../support/run-cli.js';
import { filesPaper, greenResults, redReport, reportOf } from '../support/sample-report.js';
import { deploy, SECRET, SERVICE } from './deployment.js';

const FORMATS = ['json', 'junit', 'html', 'markdown', 'sarif', 'pretty'] as const;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regctl-reports-'));
  onTestFinished(() => rm(folder, { recursive: true }));
});

/** What the operation gets of a context; `said` is what a person reads. */
function host(environment: Record<string, string> = {}) {
  const said: string[] = [];
  const sources = { environment, envFile: {}, context: undefined, flags: {} };
  return { said, host: { sources, folder, notify: (line: string) => void said.push(line) } };
}

describe('what --report takes', () => {
  it.each(FORMATS)('%s=FILE', async (format) => {
    expect(await parseReportFile(`${format}=a=b.txt`)).toEqual({ format, path: 'a=b.txt' });
  });

  it('github, which takes no file', async () => {
    expect(await parseReportFile('github')).toEqual({ format: 'github' });
  });

  it.each(['json', 'json=', 'pdf=a', '=a', 'github=a', ''])(
    'not %j, and it says what it does',
    async (text) => {
      expect(await parseReportFile(text)).toBe(
        `"${text}" is no report: write json=FILE, junit=FILE, html=FILE, markdown=FILE, sarif=FILE, pretty=FILE or github`,
      );
    },
  );
});

describe('a report that cannot be written is refused before the run', () => {
  const refusal = async (...paths: string[]) => {
    const files = paths.map(
      (path): ReportFile => ({ format: 'json', path: path === '-' ? path : join(folder, path) }),
    );
    return requireWritable(files, host().host).then(
      () => 'none',
      (error) => (error.code === 'USAGE' ? error.message.replaceAll(folder, '') : error),
    );
  };

  it('where there is no such folder, or it is none', async () => {
    await writeFile(join(folder, 'file'), '');
    expect(await refusal('missing/a')).toBe(
      'The report /missing/a cannot be written: there is no folder /missing.',
    );
    expect(await refusal('file/a')).toBe('The report /file/a cannot be written: /file is no folder.');
  });

  it('where the file is a folder, a device or standard output', async () => {
    await mkdir(join(folder, 'sub'));
    expect(await refusal('sub')).toBe('The report /sub cannot be written: it is a folder.');
    for (const path of ['/dev/stdout', '/dev/null', '/proc/self/fd/1', '-']) {
      await expect(requireWritable([{ format: 'html', path }], host().host)).rejects.toMatchObject({
        code: 'USAGE',
        message: `The report ${path} cannot be written: it is no file.`,
      });
    }
  });

  it('where two reports share a file, however it is written', async () => {
    await symlink(folder, join(folder, 'link'));
    await writeFile(join(folder, 'a'), '');
    await symlink('a', join(folder, 'b'));
    for (const other of ['a', 'link/a', 'link/../a', 'b'])
      expect(await refusal('a', other)).toContain('it is the file of another report, /a.');
    expect(await refusal('a', 'c')).toBe('none');
  });

  it.skipIf(process.getuid?.() === 0)(
    'where the folder is not writable (skipped for root, whom nothing stops)',
    async () => {
      await mkdir(join(folder, 'locked'));
      await chmod(join(folder, 'locked'), 0o555);
      expect(await refusal('locked/a')).toContain('EACCES');
    },
  );
});

describe('a report file', () => {
  it('is replaced in one step, through a link too, and nothing is left beside it', async () => {
    await writeFile(join(folder, 'old.html'), 'old');
    await symlink('old.html', join(folder, 'link.html'));
    await writeReport(join(folder, 'link.html'), 'new');
    expect(await readFile(join(folder, 'old.html'), 'utf8')).toBe('new');
    expect((await lstat(join(folder, 'link.html'))).isSymbolicLink()).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(['link.html', 'old.html']);
  });

  it('that fails keeps back no other', async () => {
    const files: ReportFile[] = [
      { format: 'json', path: 'gone/a.json' },
      { format: 'html', path: 'b.html' },
    ];
    await expect(writeReports(files, redReport(), filesPaper, host().host)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('gone/a.json'),
    });
    expect(await readdir(folder)).toEqual(['b.html']);
  });
});

describe('--report github', () => {
  const run = async (environment: Record<string, string>, report = redReport()) => {
    const { said, host: at } = host(environment);
    await requireWritable([{ format: 'github' }], at);
    await writeReports([{ format: 'github' }], report, filesPaper, at);
    return said;
  };
  const actions = (more: Record<string, string> = {}) => ({
    GITHUB_ACTIONS: 'true',
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    ...more,
  });
  const summary = () => readFile(join(folder, 'summary'), 'utf8');

  it('annotates, and adds to the summary of the job', async () => {
    await writeFile(join(folder, 'summary'), 'of the step before\n');
    const said = await run(actions());
    expect(said).toHaveLength(4);
    expect(said[0]).toMatch(/^::error title=env\.jwt-secret/);
    expect(await summary()).toMatch(/^of the step before\n## ❌ Doctor: not integrated\n/);
  });

  it('is silent on green but for the summary', async () => {
    expect(await run(actions(), reportOf(greenResults()))).toEqual([]);
    expect(await summary()).toContain('all is well');
  });

  it('says before the run that it writes nothing outside GitHub Actions', async () => {
    expect(await run({ GITHUB_STEP_SUMMARY: join(folder, 'summary') })).toEqual([
      expect.stringContaining('GITHUB_ACTIONS is not set'),
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves a summary alone that has no room, and says so; one that cannot be written fails nothing', async () => {
    const full = 'x'.repeat(1024 * 1024 - 100);
    await writeFile(join(folder, 'summary'), full);
    expect((await run(actions())).at(-1)).toContain('no room left');
    expect(await summary()).toBe(full);
    const missing = actions({ GITHUB_STEP_SUMMARY: join(folder, 'no', 'summary') });
    expect((await run(missing)).at(-1)).toMatch(/^Warning: the job summary cannot be written: ENOENT/);
    expect((await run({ GITHUB_ACTIONS: 'true' })).at(-1)).toContain('GITHUB_STEP_SUMMARY is not set');
  });

  it('names places in the code as from the root of the repository', async () => {
    const said = await run(actions({ GITHUB_WORKSPACE: tmpdir() }));
    const own = folder.slice(tmpdir().length + 1);
    expect(said[1]).toContain(`file=${own}/services/asr/app.py,line=41,col=9`);
    expect((await run(actions({ GITHUB_WORKSPACE: '/elsewhere' })))[1]).toContain(`file=${folder}/services/`);
  });
});

describe('regctl doctor, with every report at once', () => {
  const all = FORMATS.flatMap((format) => ['--report', `${format}=doctor.${format}`]);

  it('has one document on stdout, the same exit code, and no secret anywhere', async () => {
    const deployment = await deploy({ behaviour: 'health-500' });
    onTestFinished(() => deployment.close());
    const env = { ...deployment.env, HOME: undefined, PGPASSWORD: 'hunter2', REDISCLI_AUTH: 'hunter2' };
    const known: Record<string, string> = {};
    for (const [name, value] of Object.entries(env)) if (value !== undefined) known[name] = value;
    const inActions = {
      ...known,
      ...{ GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(folder, 'summary') },
    };
    const engines = ['--redis', 'redis://admin@127.0.0.1:1', '--postgres', 'postgres://admin@127.0.0.1:1/x'];
    const skip = ['--skip', 'heartbeat.cadence'];
    const [plain, told] = await Promise.all([
      runCli(['doctor', ...skip, ...engines, '--json'], { env: known, cwd: folder }),
      runCli(['doctor', ...skip, ...engines, '--json', ...all, '--report', 'github'], {
        env: inActions,
        cwd: folder,
      }),
    ]);
    expect([plain.code, told.code]).toEqual([1, 1]);
    const { services } = JSON.parse(told.stdout);
    expect(services).toEqual([SERVICE]);
    expect(
      told.stderr.split('\n').filter((line) => line !== '' && !/^::(error|warning) /.test(line)),
    ).toEqual([]);
    const names = await readdir(folder);
    expect(names.sort()).toEqual([...FORMATS.map((format) => `doctor.${format}`), 'summary'].sort());
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    for (const text of [told.stdout, told.stderr, ...texts]) {
      expect(text).not.toContain('hunter2');
      expect(text).not.toContain(SECRET);
      expect(text).toContain('health.endpoint');
    }
  });

  it('writes them all, whole, when it is interrupted', async () => {
    const silent = await startHostile('silent');
    onTestFinished(() => silent.close());
    const running = startCli(['doctor', '--timeout', '60s', ...all, '-o', 'name'], {
      env: { CONFIG_SERVICE_URL: silent.url, SERVICE_NAME: SERVICE, JWT_SECRET: SECRET },
      cwd: folder,
    });
    await expect.poll(() => silent.requests.length, { timeout: 30_000 }).toBeGreaterThan(0);
    running.child.kill('SIGINT');
    expect((await running.done).code).toBe(130);
    expect((await readdir(folder)).sort()).toEqual(FORMATS.map((format) => `doctor.${format}`).sort());
    const ends = {
      json: '}\n',
      junit: '</testsuites>\n',
      html: '</html>\n',
      markdown: '</details>\n',
      sarif: '}\n',
      pretty: '.\n',
    };
    for (const [format, end] of Object.entries(ends)) {
      const text = await readFile(join(folder, `doctor.${format}`), 'utf8');
      expect(text.slice(-end.length)).toBe(end);
      expect(text).toContain('INTERRUPTED');
    }
  });
});
