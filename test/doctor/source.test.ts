// The walk over the files, what cannot be read, and waivers.
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { MAX_FILE_BYTES, survey } from '../../src/doctor/source/survey.js';
import { examineFiles, findingsOf } from './source/examine.js';
import { SERVICES } from './source/services.js';

const BAD = 'requests.get("http://10.0.5.3/")\n';
const ADDRESSES = 'source.no-hardcoded-addresses';

it('looks at the code of the service, in every language, and at nothing else', async () => {
  const { files, tests, leftOut, ...rest } = await examineFiles({
    'main.py': BAD,
    'web/app.tsx': 'export const a = 1;',
    'web/app.mts': 'export const a = 1;',
    'web/app.jsx': 'export const a = 1;',
    'cmd/main.go': 'package main\n',
    'src/main/java/Main.java': 'class Main {}',
    'README.md': BAD,
    'test_main.py': BAD,
    'tests/helper.py': BAD,
    'src/test/java/A.java': 'class A {',
    'cmd/main_test.go': 'package (',
    'web/a.spec.ts': 'fetch("http://10.0.5.3")',
    'node_modules/a/index.js': '(',
    'venv/lib/a.py': BAD,
    'env/pyvenv.cfg': '',
    'env/lib/a.py': BAD,
    '.git/a.py': BAD,
    '__pycache__/a.py': BAD,
    'dist/a.js': '(',
    'web/a.min.js': '(',
    'api_pb2.py': '(',
  });
  expect(Object.fromEntries(files)).toEqual({ Python: 1, TypeScript: 2, JavaScript: 1, Go: 1, Java: 1 });
  expect(tests).toBe(5);
  expect([...leftOut].sort()).toEqual([
    ...['__pycache__', 'dist', 'env', 'generated files', 'node_modules', 'venv'],
  ]);
  expect(findingsOf({ files, tests, leftOut, ...rest })).toEqual(['ADDRESS_HARDCODED main.py:1']);
});

it('follows no link, so that a loop ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'regctl-source-'));
  await writeFile(join(folder, 'main.py'), BAD);
  await symlink(folder, join(folder, 'again'));
  await symlink(join(folder, 'main.py'), join(folder, 'other.py'));
  const found = await survey(folder, 'service', new AbortController().signal);
  await rm(folder, { recursive: true });
  expect(findingsOf(found)).toEqual(['ADDRESS_HARDCODED service/main.py:1']);
  expect([...found.leftOut]).toEqual(['links']);
});

it('says of what it cannot read that it was not examined, and examines the rest', async () => {
  const found = await examineFiles({
    'binary.py': Buffer.from([1, 0, 2]),
    'deep.js': `a(${'['.repeat(1_500)}${']'.repeat(1_500)})`,
    'large.py': `x = 1\n${'#'.repeat(MAX_FILE_BYTES)}`,
    'latin.py': Buffer.from('# Grüße\nrequests.get("http://10.0.5.3/")\n', 'latin1'),
    'main.py': BAD,
    'marked.py': `\uFEFF${BAD}`,
  });
  expect(findingsOf(found)).toEqual([
    'SOURCE_UNREADABLE binary.py:1',
    'SOURCE_UNREADABLE deep.js:1',
    'SOURCE_UNREADABLE large.py:1',
    'ADDRESS_HARDCODED latin.py:2',
    'ADDRESS_HARDCODED main.py:1',
    'ADDRESS_HARDCODED marked.py:1',
  ]);
});

it('ends when it is interrupted, also within a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'regctl-source-'));
  await writeFile(join(folder, 'main.py'), 'f(1, "x", a.b[2])\n'.repeat(40_000));
  const ending = new AbortController();
  const examining = survey(folder, '', ending.signal);
  ending.abort(new Error('enough'));
  await expect(examining).rejects.toThrow('enough');
  await rm(folder, { recursive: true });
});

it('tells line and column', async () => {
  const { rules } = await examineFiles({ 'main.py': `\n\nx = get("http://10.0.5.3/")\n` });
  const rule = rules.get(ADDRESSES);
  const [first] = rule?.applies === true ? rule.findings : [];
  expect(first?.finding.location).toEqual({ path: 'main.py', line: 3, column: 9 });
  expect(first?.finding.seen).toContain('main.py:3');
});

it('never repeats a secret', async () => {
  const found = await examineFiles({ 'main.py': 'JWT_SECRET = "s3cr3t-of-the-team"\n' });
  expect(findingsOf(found)).toEqual(['SECRET_HARDCODED main.py:1']);
  expect(JSON.stringify([...found.rules])).not.toContain('s3cr3t');
});

it('never repeats user, password and query of a URL', async () => {
  const found = await examineFiles({
    'main.py': 'connect("postgres://me:hunter2@10.0.5.3/db?key=hunter3")\n',
  });
  expect(findingsOf(found)).toEqual(['ADDRESS_HARDCODED main.py:1']);
  expect(JSON.stringify([...found.rules])).not.toMatch(/hunter[23]/);
});

it.each([
  [
    'on its line, in Python',
    'main.py',
    `get("http://10.0.5.3/")  # regctl: allow ${ADDRESSES} because a printer`,
  ],
  ['on the line above', 'main.py', `# regctl: allow ${ADDRESSES} because a printer\nget("http://10.0.5.3/")`],
  [
    'above another comment',
    'main.go',
    `package main\n// regctl: allow ${ADDRESSES} because a printer\n// It is old.\nvar u = "http://10.0.5.3/"`,
  ],
  [
    'in a block comment',
    'main.ts',
    `/* regctl: allow ${ADDRESSES} because a printer */\nfetch('http://10.0.5.3/');`,
  ],
  [
    'among arguments',
    'main.py',
    `get(\n    # regctl: allow ${ADDRESSES} because a printer\n    "http://10.0.5.3/",\n)`,
  ],
  [
    'in an object',
    'main.ts',
    `const a = {\n  // regctl: allow ${ADDRESSES} because a printer\n  url: 'http://10.0.5.3/',\n};`,
  ],
])('a waiver allows what is found: %s', async (_, path, code) => {
  const found = await examineFiles({ [path]: code });
  expect(findingsOf(found)).toEqual([]);
  const line = code.split('\n').findIndex((each) => each.includes('10.0.5.3')) + 1;
  expect(found.rules.get(ADDRESSES)?.waived).toEqual([`${path}:${line} because a printer`]);
});

it.each([
  [
    'without a reason',
    `get("http://10.0.5.3/")  # regctl: allow ${ADDRESSES}`,
    ['ADDRESS_HARDCODED', 'ALLOW_WITHOUT_REASON'],
  ],
  [
    'of another check',
    `get("http://10.0.5.3/")  # regctl: allow source.trace-id because x`,
    ['ADDRESS_HARDCODED', 'ALLOW_UNUSED'],
  ],
  ['of nothing', `get(url)  # regctl: allow ${ADDRESSES} because x`, ['ALLOW_UNUSED']],
  [
    'two lines above',
    `# regctl: allow ${ADDRESSES} because x\n\nget("http://10.0.5.3/")`,
    ['ADDRESS_HARDCODED', 'ALLOW_UNUSED'],
  ],
  [
    'behind the line before',
    `a()  # regctl: allow ${ADDRESSES} because x\nget("http://10.0.5.3/")`,
    ['ADDRESS_HARDCODED', 'ALLOW_UNUSED'],
  ],
  [
    'in a text',
    `get("http://10.0.5.3/"); x = "# regctl: allow ${ADDRESSES} because x"`,
    ['ADDRESS_HARDCODED'],
  ],
])('a waiver %s allows nothing', async (_, code, codes) => {
  const found = findingsOf(await examineFiles({ 'main.py': code }));
  expect(found.map((each) => each.replace(/ .*/, '')).sort()).toEqual(codes);
});

it('allows what the code as a whole lacks, where it begins', async () => {
  const found = await examineFiles({
    'main.py': `# regctl: allow source.heartbeat because a sidecar sends it\nurl = os.environ["REGISTRY_URL"]\n`,
  });
  expect(findingsOf(found)).toEqual([]);
});

it('finds nothing in the sample services of this project', async () => {
  const found = await survey(
    fileURLToPath(new URL('../../src/samples', import.meta.url)),
    'src/samples',
    new AbortController().signal,
  );
  expect(findingsOf(found)).toEqual([]);
  const judged = [...found.rules].filter(([, rule]) => rule.applies).map(([id]) => id);
  expect(judged).toEqual([
    ADDRESSES,
    'source.no-hardcoded-secrets',
    'source.heartbeat',
    'source.deregisters',
    'source.verifies-token',
  ]);
});

it.each(Object.entries(SERVICES))('breaks off nowhere, wherever %s is cut', async (name, code) => {
  const cuts = Array.from({ length: 40 }, (_, index) => Math.floor((code.length * index) / 40));
  const [, extension = ''] = name.split('.');
  const cut = Object.fromEntries(
    cuts.flatMap((at, index) => [
      [`a${index}.${extension}`, code.slice(0, at)],
      [`b${index}.${extension}`, code.slice(at)],
    ]),
  );
  const { files } = await examineFiles(cut);
  expect([...files.values()]).toEqual([80]);
});

it('comes to an end with constants made of constants made of constants', async () => {
  const sum = (next: number) => Array.from({ length: 50 }, () => `v${next}`).join(' + ');
  const lines = Array.from({ length: 14 }, (_, index) => `v${index} = ${sum(index + 1)}`);
  const code = [...lines, 'v14 = "http://10.0.5.3/"', 'get(v0 + "x")'].join('\n');
  expect(findingsOf(await examineFiles({ 'main.py': code }))).toEqual(['ADDRESS_HARDCODED main.py:15']);
});
