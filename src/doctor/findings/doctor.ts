import { entry } from './entry.js';

type AWaiver = { file: string; waiver: string; owner: string; expires: string };

/** What a run finds about itself. */
export const DOCTOR = {
  WAIVER_EXPIRED: entry<AWaiver>('warn', {
    seen: (p) => `the waiver of ${p.waiver} held until ${p.expires}; ${p.owner} answers for it`,
    remedy: (p) =>
      `Mend what it waived, or have its owner decide on a new day; then correct or remove it in ${p.file}.`,
  }),
  WAIVER_UNMATCHED: entry<AWaiver & { why: string }>('warn', {
    seen: (p) => `the waiver of ${p.waiver} waives nothing: ${p.why}; ${p.owner} answers for it`,
    remedy: (p) =>
      `Remove it from ${p.file}, if what it waived is mended; else correct its id, code or target.`,
  }),
};
