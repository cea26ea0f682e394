// The commands that show a finding again: regctl has to be told there what it was told here.
import { sh } from './findings/entry.js';
import type { CheckResult } from './result.js';

/** The flags that said which registry to ask; undefined where the environment or the current context did. */
export interface Asked {
  readonly registry: string | undefined;
  readonly context: string | undefined;
}

/** `mint-token` knows no registry, and the secret may be that of a context. */
const CALLS = /\bregctl (describe|discover|doctor|send-message|mint-token)\b/g;

/** A check alone: of one service it is run for that one. */
const ALONE = /^regctl doctor(?= --only )/;

/** The same result, its commands with the flags of this run. */
export function asAsked(result: CheckResult, { registry, context }: Asked): CheckResult {
  const ofContext = context === undefined ? '' : ` --context ${sh(context)}`;
  const ofRegistry = registry === undefined ? '' : ` --registry ${sh(registry)}`;
  const withFlags = (call: string) => call + ofContext + (call.endsWith('mint-token') ? '' : ofRegistry);
  const ofService = result.service === null ? '$&' : `$& --service ${sh(result.service)}`;
  const findings = result.findings.map((finding) => ({
    ...finding,
    reproduce: finding.reproduce?.replace(ALONE, ofService).replace(CALLS, withFlags) ?? null,
  }));
  return { ...result, findings };
}
