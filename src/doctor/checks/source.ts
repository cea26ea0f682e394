// source.*: the code of the service, where --source gives it.
import { resolve } from 'node:path';
import type { ChecklistItem } from '../check.js';
import {
  blockedBy,
  deploymentCheck,
  type Finding,
  few,
  finding,
  found,
  notApplicable,
  type Outcome,
  pass,
  verdict,
} from '../check.js';

const LANGUAGE_NAMES = 'Python, TypeScript, JavaScript, Go or Java';

export const readable = deploymentCheck({
  id: 'source.readable',
  title: 'The code of the service can be examined',
  about:
    'With --source DIR: every file in Python, TypeScript, JavaScript, Go or Java is parsed, once for all source checks. Left out are tests, hidden and installed folders (node_modules, venv, vendor, …), what is built or generated, and links. What cannot be read or parsed is unknown, never green; so is a folder without code.',
  codes: ['SOURCE_MISSING', 'SOURCE_EMPTY', 'SOURCE_UNREADABLE', 'SOURCE_UNPARSED', 'SOURCE_TOO_LARGE'],
  timeoutMs: 90_000,
  async run({ source, folder, signal }) {
    if (source === undefined) return notApplicable('no code is given: --source DIR');
    const { survey } = await import('../source/survey.js');
    const path = source.replaceAll('\\', '/').replace(/(?<=.)\/+$/, '');
    try {
      const facts = await survey(resolve(folder, source), path.replace(/^(\.\/)+|^\.$/, ''), signal);
      const count = [...facts.files.values()].reduce((sum, files) => sum + files, 0);
      const aside = [...(facts.tests > 0 ? ['tests'] : []), ...[...facts.leftOut].sort()];
      const leftOut = aside.length === 0 ? '' : `; left out: ${few(aside)}`;
      if (facts.unread.length > 0) return found(facts.unread, count > 0 ? { facts } : {});
      if (count === 0) return found(finding('SOURCE_EMPTY', { path, languages: LANGUAGE_NAMES, leftOut }));
      const kinds = [...facts.files].map(([language, files]) => `${files} ${language}`);
      return pass(`${count} file${count === 1 ? '' : 's'} (${kinds.join(', ')})${leftOut}`, facts);
    } catch (error) {
      signal.throwIfAborted();
      const cause = error instanceof Error ? error.message : String(error);
      return found(finding('SOURCE_MISSING', { path, cause }));
    }
  },
});

interface Spec {
  id: string;
  title: string;
  about: string;
  checklist: readonly ChecklistItem[];
  codes: readonly string[];
  /** What is missing in a part may be in the part that was not read. */
  needsAll?: true;
}

/** A check of what one rule saw. */
function ruleCheck({ needsAll, ...spec }: Spec) {
  return deploymentCheck({
    ...spec,
    requires: [readable],
    async run(_context, [{ rules, unread }]): Promise<Outcome<undefined>> {
      const rule = rules.get(spec.id);
      if (rule === undefined) throw new Error(`no rule ${spec.id}`);
      if (!rule.applies) {
        return unread.length > 0 && needsAll
          ? blockedBy(readable, 'what it looks for may be in what was not examined')
          : notApplicable(rule.why);
      }
      const absent = (each: Finding) => ABSENCES.has(each.code);
      const findings = rule.findings.map((each) => each.finding);
      const certain = unread.length > 0 ? findings.filter((each) => !absent(each)) : findings;
      if (certain.length === 0 && findings.length > 0)
        return blockedBy(readable, 'what it misses may be in what was not examined');
      const waived = rule.waived.length === 0 ? '' : `; allowed: ${few(rule.waived)}`;
      return verdict(certain, `${rule.seen || 'nothing else'}${waived}`, undefined);
    },
  });
}

const ABSENCES = new Set(['HEARTBEAT_MISSING', 'DEREGISTRATION_MISSING', 'TOKEN_NOT_VERIFIED']);

const WAIVE =
  'A finding can be allowed where it stands, by a comment on the line or on the line above: `regctl: allow ID because REASON`.';

export const addresses = ruleCheck({
  id: 'source.no-hardcoded-addresses',
  title: 'No address of another service is written into the code',
  about: `Services find each other through the registry. Looks at the host of every URL, followed through constants, concatenation and formatting within a file, and at addresses where a host is asked for (host=, connect, Dial). An IP address fails; a host name of the own network (http://nmt-service:8091) warns, since it may be something that is not in the registry. Not findings: comments, doc strings, tests, log messages, this machine (localhost, 127.0.0.1, 0.0.0.0), public host names, documentation addresses (RFC 5737), host names as the default of a setting. ${WAIVE}`,
  checklist: ['integration.3'],
  codes: ['ADDRESS_HARDCODED', 'ADDRESS_AS_DEFAULT', 'HOST_HARDCODED'],
});

export const secrets = ruleCheck({
  id: 'source.no-hardcoded-secrets',
  title: 'No signing secret is written into the code',
  about: `JWT_SECRET comes from the environment. Looks at what is assigned to names such as jwt_secret, SECRET_KEY or signingKey, and at the key of every call that signs or checks a token. The value is never shown. A default for the case that the variable is not set warns. ${WAIVE}`,
  checklist: ['integration.1'],
  codes: ['SECRET_HARDCODED', 'SECRET_AS_DEFAULT'],
});

export const traceId = ruleCheck({
  id: 'source.trace-id',
  title: 'Every message that is sent carries a trace_id',
  about: `Looks at what is posted to …/message, and at every literal message (type command, query or event, and a payload). A message that a function is handed is judged where it is made. Spread or later assigned keys count. ${WAIVE}`,
  checklist: ['integration.4'],
  codes: ['MESSAGE_WITHOUT_TRACE'],
  needsAll: true,
});

export const heartbeat = ruleCheck({
  id: 'source.heartbeat',
  title: 'A heartbeat is sent every 30 s',
  about: `Looks for POST …/heartbeat in a loop or a timer, and for what it waits between two. An interval that comes from a setting is not judged. Code that reads REGISTRY_URL and sends none fails; not applicable to the registry guide alone, which has no heartbeat. ${WAIVE}`,
  checklist: ['integration.5'],
  codes: ['HEARTBEAT_MISSING', 'HEARTBEAT_SLOW', 'HEARTBEAT_FAST'],
  needsAll: true,
});

export const deregisters = ruleCheck({
  id: 'source.deregisters',
  title: 'What registers at the start deregisters at the end',
  about: `Looks for calls that register with the registry, and for calls or handlers that deregister; a client that only defines them does neither. ${WAIVE}`,
  checklist: [],
  codes: ['DEREGISTRATION_MISSING'],
  needsAll: true,
});

export const verifiesToken = ruleCheck({
  id: 'source.verifies-token',
  title: 'POST /message checks the token',
  about: `Looks for the handler of POST /message and for anything that checks a token; fails where nothing does, or where the check is told to leave the signature out. Warns where the algorithm is not named, and where \`replace("Bearer ", "")\` takes a header without the scheme. What the running service really refuses is for message.* to find out. ${WAIVE}`,
  checklist: ['integration.2'],
  codes: ['TOKEN_NOT_VERIFIED', 'TOKEN_CHECK_OFF', 'TOKEN_ALGORITHM_OPEN', 'TOKEN_SCHEME_IGNORED'],
  needsAll: true,
});

export const waivers = deploymentCheck({
  id: 'source.waivers',
  title: 'Every waiver in the code has a reason and a finding',
  about:
    'A comment `regctl: allow source.trace-id because REASON` allows what the check finds on its line, or on the line below it. Without a reason it allows nothing; one that matches nothing hides the next finding there.',
  requires: [readable],
  codes: ['ALLOW_WITHOUT_REASON', 'ALLOW_UNUSED'],
  async run(_context, [{ waivers: bad, waiverCount }]) {
    if (waiverCount === 0) return notApplicable('the code allows nothing');
    return verdict(bad, `${waiverCount} with a reason and a finding`, undefined);
  },
});
