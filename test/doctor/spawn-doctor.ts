// The doctor as a process of its own, for the same deployments that `runDoctor` examines in this one.
import type { Report } from '../../src/doctor/result.js';
import type { ContextFlags } from '../../src/host.js';
import type { DoctorInput } from '../../src/operations/doctor.js';
import { runCli } from '../support/run-cli.js';
import type { Deployment } from './deployment.js';

type Examined = Pick<Deployment, 'env' | 'folder' | 'flags' | 'input'>;

/** Runs `regctl doctor` to its end; answers its report, whose exit code the process had. */
export async function spawnDoctor({ env, folder, flags, input }: Examined): Promise<Report> {
  const args = ['doctor', '-o', 'json', ...contextArgs(flags), ...doctorArgs(input)];
  const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const { code, stdout, stderr } = await runCli(args, { cwd: folder, env: Object.fromEntries(set) });
  if (!stdout.startsWith('{"schemaVersion"')) throw new Error(`exit ${code}: ${stdout}${stderr}`);
  const report: Report = JSON.parse(stdout);
  if (report.exit !== code)
    throw new Error(`the report says exit ${report.exit}, the process ended with ${code}`);
  return report;
}

function contextArgs(flags: ContextFlags): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    if (typeof value === 'boolean') return value ? [`--${name}`] : [];
    return value === undefined ? [] : [`--${name}`, typeof value === 'number' ? `${value}ms` : value];
  });
}

/** Each input as the flags it comes from; one that has none here cannot be forgotten. */
const FLAGS: { [K in keyof DoctorInput]: (value: DoctorInput[K]) => string[] } = {
  services: each('--service'),
  all: alone('--all'),
  only: each('--only'),
  skip: each('--skip'),
  failOn: (value) => ['--fail-on', value],
  waivers: one('--waivers'),
  compare: one('--compare'),
  logFile: one('--logs'),
  active: alone('--active'),
  source: one('--source'),
  engines: ({ zookeeper, postgres, redis }) => [
    ...one('--zookeeper')(zookeeper),
    ...one('--postgres')(postgres),
    ...one('--redis')(redis),
  ],
  exec: (exec) => one('--exec')(exec?.command),
  deadlineMs: (ms) => (ms === undefined ? [] : ['--deadline', `${ms}ms`]),
  waitMs: (ms) => (ms === 0 ? [] : ['--wait', `${ms}ms`]),
  concurrency: (many) => ['--concurrency', String(many)],
  version: () => [],
};

function doctorArgs(input: Partial<DoctorInput>): string[] {
  return Object.entries(input).flatMap(([name, value]) =>
    // The table's types tie each name to its value.
    (FLAGS[name as keyof DoctorInput] as (value: unknown) => string[])(value),
  );
}

function one(flag: string) {
  return (value: string | undefined) => (value === undefined ? [] : [flag, value]);
}

function each(flag: string) {
  return (values: readonly string[]) => values.flatMap((value) => [flag, value]);
}

function alone(flag: string) {
  return (value: boolean) => (value ? [flag] : []);
}
