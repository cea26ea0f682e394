// Faults that turn env.*.
import { execFileSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SECRET } from '../deployment.js';
import type { Fault } from './fault.js';

export const ENV: readonly Fault[] = [
  {
    name: 'SERVICE_ID is missing',
    env: { SERVICE_ID: undefined },
    expect: { 'env.service-id': 'SERVICE_ID_MISSING' },
  },
  {
    name: 'SERVICE_ID is no integer',
    env: { SERVICE_ID: 'forty-two' },
    expect: { 'env.service-id': 'SERVICE_ID_INVALID' },
  },
  {
    name: 'no URL of a registry is set',
    env: { CONFIG_SERVICE_URL: undefined },
    input: { only: ['env.*'] },
    expect: { 'env.registry-url': 'REGISTRY_URL_DEFAULT' },
  },
  {
    name: 'CONFIG_SERVICE_URL is the placeholder of the template',
    env: { CONFIG_SERVICE_URL: '[PROVIDED BY COORDINATOR]' },
    expect: { 'env.registry-url': 'REGISTRY_URL_PLACEHOLDER' },
  },
  {
    name: 'CONFIG_SERVICE_URL is no URL',
    env: { CONFIG_SERVICE_URL: 'config-service:8082' },
    expect: { 'env.registry-url': 'REGISTRY_URL_INVALID' },
  },
  {
    name: 'JWT_SECRET is missing',
    env: { JWT_SECRET: undefined },
    expect: { 'env.jwt-secret': 'SECRET_MISSING' },
  },
  {
    name: 'JWT_SECRET is short',
    env: { JWT_SECRET: 'hunter2' },
    expect: { 'env.jwt-secret': 'SECRET_WEAK' },
  },
  {
    name: 'JWT_SECRET is the placeholder of the template',
    env: { JWT_SECRET: '[PROVIDED BY COORDINATOR]' },
    expect: { 'env.jwt-secret': 'SECRET_WEAK' },
  },
  {
    name: 'SERVICE_PORT is missing',
    env: { SERVICE_PORT: undefined },
    expect: { 'env.service-vars': 'VARIABLE_MISSING' },
  },
  {
    name: 'SERVICE_PORT is no port',
    env: { SERVICE_PORT: 'abc' },
    expect: { 'env.service-vars': 'VARIABLE_INVALID' },
  },
  {
    name: '.env is not ignored by git',
    async break({ folder }) {
      execFileSync('git', ['init', '--quiet', folder]);
      await writeFile(join(folder, '.env'), `JWT_SECRET=${SECRET}\n`, { mode: 0o600 });
    },
    expect: { 'env.file': 'ENV_FILE_NOT_IGNORED' },
  },
  {
    name: 'git cannot tell whether .env is ignored',
    async break({ folder }) {
      await writeFile(join(folder, '.git'), 'gitdir: nowhere');
      await writeFile(join(folder, '.env'), '', { mode: 0o600 });
    },
    expect: { 'env.file': 'ENV_FILE_UNREADABLE' },
  },
  {
    name: '.env is readable by everyone',
    async break({ folder }) {
      await writeFile(join(folder, '.env'), `JWT_SECRET=${SECRET}\n`);
      await chmod(join(folder, '.env'), 0o644);
    },
    expect: { 'env.file': 'ENV_FILE_READABLE' },
  },
];
