import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/doctor/catalogue.js';
import { ENGINE } from '../../src/doctor/findings/engine.js';
import { FINDINGS } from '../../src/doctor/findings.js';
import type { Report } from '../../src/doctor/result.js';
import { matcher } from '../../src/doctor/select.js';
import type { DoctorInput } from '../../src/operations/doctor.js';
import { deploy, notGreen, runDoctor, SERVICE } from './deployment.js';
import { FAULTS } from './faults/index.js';
import { spawnDoctor } from './spawn-doctor.js';
import { VARIANTS } from './variants.js';

/** What the healthy deployment has no use for, or is not told to do; with the option that tells it. */
const UNASKED: Record<string, keyof DoctorInput | null> = {
  'doctor.waivers': 'waivers',
  'env.file': null,
  'registry.certificate': null,
  'registry.round-trip': 'active',
  'e2e.*': null,
  'engine.*': null,
  'inside.*': 'exec',
  'source.waivers': null,
  'source.*': 'source',
  'registration.startup-log': 'logFile',
  'heartbeat.*': null,
  'message.{accepts-valid,echoes-trace,rejects-unknown-type}': 'active',
};

function isUnasked(id: string, input: Partial<DoctorInput> = {}): boolean {
  const [, option] = Object.entries(UNASKED).find(([glob]) => matcher([glob])(id)) ?? [];
  return option !== undefined && (option === null || !input[option]);
}

/** What was asked, and neither carried out nor blocked: id → why. */
function missing({ results }: Report, input: Partial<DoctorInput>): Record<string, string> {
  return Object.fromEntries(
    results.flatMap(({ id, skip }) => {
      if (skip === null || skip.kind === 'blocked' || skip.kind === 'waived') return [];
      const isChosen = input.only === undefined || matcher(input.only)(id);
      return isChosen && !isUnasked(id, input) ? [[id, `${skip.kind}: ${skip.why}`]] : [];
    }),
  );
}

describe('a healthy deployment', () => {
  it('is green, and nothing but what does not apply is left out', async () => {
    const deployment = await deploy({});
    const report = await spawnDoctor(deployment);
    await deployment.close();
    expect(notGreen(report)).toEqual({});
    expect(report).toMatchObject({ verdict: 'pass', exit: 0, services: [SERVICE] });
    expect(report.results.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id));
    const skipped = report.results.filter(({ status }) => status === 'skip');
    expect(skipped.map(({ id, skip }) => `${id} ${skip?.kind}`)).toEqual(
      CHECKS.flatMap(({ id, effects }) => {
        if (!isUnasked(id)) return [];
        return [`${id} ${effects === 'write' ? 'filtered' : 'not-applicable'}`];
      }),
    );
  });
});

// Those that wait run beside the others; a command of --exec that hangs is given 30 s.
const waits = ({ replica, input }: (typeof FAULTS)[number]) =>
  (replica?.delayMs ?? 0) + (input?.exec === undefined ? 0 : 30_000);
const slowestFirst = [...FAULTS].sort((a, b) => waits(b) - waits(a));

describe.concurrent('a deployment with one fault', () => {
  it.for(slowestFirst)(
    '$name',
    async ({ break: damage, expect: turning, leaves: leftOut = {}, ...options }, { skip }) => {
      if (options.impossible) skip(options.impossible);
      const deployment = await deploy(options);
      await damage?.(deployment);
      const report = await spawnDoctor(deployment);
      await deployment.close();
      expect(notGreen(report)).toEqual(turning);
      const blockedByOthers = report.results.filter(
        ({ skip }) => skip?.kind === 'blocked' && turning[skip.by] === undefined,
      );
      expect(blockedByOthers).toEqual([]);
      expect(missing(report, deployment.input)).toEqual(leftOut);
    },
  );
});

// In this process: what a process adds is shown by the faults.
describe.concurrent('a healthy variant', () => {
  it.for(VARIANTS)('$name', async ({ change, ...options }, { skip }) => {
    if (options.impossible) skip(options.impossible);
    const deployment = await deploy(options);
    await change?.(deployment);
    const report = await runDoctor(deployment);
    await deployment.close();
    expect(notGreen(report)).toEqual({});
    expect(report).toMatchObject({ verdict: 'pass', exit: 0 });
    expect(report.results.filter(({ skip }) => skip?.kind === 'blocked')).toEqual([]);
  });
});

describe('the fault matrix', () => {
  it('turn every check red', () => {
    const turned = new Set(FAULTS.flatMap((fault) => Object.keys(fault.expect)));
    expect(CHECKS.map(({ id }) => id).filter((id) => !turned.has(id))).toEqual([]);
  });

  it('turn up every code there is, but those of the engine', () => {
    const turned = new Set(
      FAULTS.flatMap((fault) => Object.values(fault.expect).flatMap((codes) => codes.split(' '))),
    );
    const ofTheEngine = new Set(Object.keys(ENGINE));
    expect(Object.keys(FINDINGS).filter((code) => !turned.has(code) && !ofTheEngine.has(code))).toEqual([]);
  });

  it('name codes that the checks declare', () => {
    const declared = new Map(CHECKS.map(({ id, codes }) => [id, codes]));
    for (const { expect: turning } of FAULTS)
      for (const [id, codes] of Object.entries(turning))
        for (const code of codes.split(' ')) expect(declared.get(id)).toContain(code);
  });
});
