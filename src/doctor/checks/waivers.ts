// doctor.waivers: are the waivers of this run still what they were given for.
import { deploymentCheck, notApplicable } from '../check.js';
import { WAIVERS_CHECK } from '../waivers.js';

export const waivers = deploymentCheck({
  id: WAIVERS_CHECK,
  title: 'Every waiver still holds and waives something',
  about:
    'With --waivers FILE: one whose last day is over waives nothing any more; one that is about checks which were all carried out, and found nothing of it, is a leftover or a slip of the pen. Judged when all other checks are done; no waiver waives this.',
  codes: ['WAIVER_EXPIRED', 'WAIVER_UNMATCHED'],
  // With waivers, `applyWaivers` puts its judgement in the place of this.
  run: async () => notApplicable('no waivers are given: --waivers FILE'),
});
