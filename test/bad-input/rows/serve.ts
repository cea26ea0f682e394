import type { Row } from '../support/row.js';

const refused = { exit: 2, code: 'CANNOT_SERVE' } as const;
const START = 'serve --port 0';

/** What `regctl serve` cannot start with. What only a live process or a disk can do is in serve.test.ts. */
export const serve: Row[] = [
  {
    ...refused,
    name: 'a port in use',
    lines: ['serve --memory --port {port}', 'serve --data-dir data --port {port}'],
    message: /^The registry cannot start: port \d+ on 127\.0\.0\.1 is in use/,
    hint: '--port',
  },
  {
    ...refused,
    name: 'an address that is not of this machine',
    lines: [`${START} --memory --auth none --host 192.0.2.1`],
    message: /^The registry cannot start: .*192\.0\.2\.1/,
    hint: '--host',
  },
  {
    ...refused,
    name: 'a host that does not resolve',
    lines: [`${START} --memory --auth none --host registry.invalid`],
    message: /^The registry cannot start: .*registry\.invalid/,
    hint: '--host',
  },
  {
    name: 'a port that is none',
    lines: ['abc', '65536'].map((port) => `serve --memory --port ${port}`),
    exit: 2,
    code: 'USAGE',
    message: '--port',
    hint: '`regctl serve --help`',
  },
  {
    ...refused,
    name: 'a database that is something else',
    files: { 'data/registry.db': 'not a database '.repeat(1000) },
    lines: [`${START} --data-dir data`],
    message: /data\/registry\.db is not an intact registry database .* It was left as it is\.$/,
    hint: 'Restore it from a backup',
  },
  {
    ...refused,
    name: 'a data folder that is a file',
    files: { data: 'a file' },
    lines: [`${START} --data-dir data`],
    message: /data is a file, not a folder\.$/,
    hint: '--data-dir',
  },
  {
    ...refused,
    name: 'a data folder below a file',
    files: { data: 'a file' },
    lines: [`${START} --data-dir data/registry`],
    message: /data\/registry is below a file, not a folder\.$/,
    hint: '--data-dir',
  },
  {
    ...refused,
    name: 'a database that is a folder',
    files: { 'data/registry.db': null },
    lines: [`${START} --data-dir data`],
    message: /registry\.db cannot be opened/,
    hint: '--data-dir',
  },
  {
    name: '--auth jwt without a secret',
    lines: [`${START} --memory --auth jwt`, `${START} --memory --host 0.0.0.0`],
    exit: 2,
    code: 'MISSING_SETTING',
    message: 'JWT_SECRET is not set',
    hint: '--secret-file',
  },
  {
    name: '--auth jwt with a short secret',
    env: { JWT_SECRET: 'hunter2-hunter2' },
    lines: [`${START} --memory --auth jwt`, `${START} --memory --host 0.0.0.0`],
    exit: 2,
    code: 'INVALID_SETTING',
    message: 'JWT_SECRET (from environment) has 15 bytes',
    hint: '`openssl rand -hex 32`',
    never: 'hunter2',
  },
  {
    name: '--auth jwt with a placeholder',
    env: { JWT_SECRET: '[PROVIDED BY COORDINATOR]' },
    lines: [`${START} --memory --auth jwt`],
    exit: 2,
    code: 'INVALID_SETTING',
    message: 'JWT_SECRET (from environment) is a placeholder, not a secret.',
    hint: '`openssl rand -hex 32`',
  },
  {
    name: 'an --auth that there is not',
    lines: ['serve --memory --auth basic'],
    exit: 2,
    code: 'USAGE',
    message: '--auth=basic',
    hint: '`regctl serve --help`',
  },
];
