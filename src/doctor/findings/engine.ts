import { entry } from './entry.js';

/** What the engine itself can find, for any check. */
export const ENGINE = {
  CHECK_TIMED_OUT: entry<{ id: string; seconds: number }>('unknown', {
    seen: (p) => `${p.id} had no result within ${p.seconds} s`,
    remedy: () => 'Find out what keeps it waiting: run it alone with --only and look at --debug.',
    reproduce: (p) => `regctl doctor --only ${p.id} --debug`,
  }),
  CHECK_CRASHED: entry<{ id: string; cause: string }>('unknown', {
    seen: (p) => `${p.id} broke off: ${p.cause}`,
    remedy: () =>
      'If the cause is not plain, run it alone with --only and look at --debug; it may be a bug of regctl.',
    reproduce: (p) => `regctl doctor --only ${p.id} --debug`,
  }),
  DEADLINE_PASSED: entry<{ seconds: number }>('unknown', {
    seen: (p) => `the run's deadline of ${p.seconds} s passed before this check was done`,
    remedy: () => 'Give the run longer with --deadline, or fewer checks with --only.',
  }),
  INTERRUPTED: entry<Record<never, never>>('unknown', {
    seen: () => 'the run was interrupted before this check was done',
    remedy: () => 'Run it again.',
  }),
};
