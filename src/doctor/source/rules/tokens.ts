// source.verifies-token: whoever answers POST /message looks at the token first, and looks at it properly.
import { finding } from '../../findings.js';
import { above, type Call, type Code, type CodeFile, functionOf, lastOf } from '../code.js';
import type { Rule, Sighting, Trait } from '../rule.js';
import { literalOf, piecesOf, resolved } from '../values.js';
import { isRoute, plain } from './endpoints.js';

export const tokens: Rule = {
  id: 'source.verifies-token',
  look(file) {
    const sightings: Sighting[] = [];
    const traits: Trait[] = [];
    const saw = (code: Code, kind: 'TOKEN_CHECK_OFF' | 'TOKEN_ALGORITHM_OPEN' | 'TOKEN_SCHEME_IGNORED') =>
      sightings.push({ at: code.at, finding: (place) => finding(kind, place) });
    const asking = asksForScheme(file);
    for (const code of file.nodes) {
      if (isRoute(code, /^(POST\s+)?\/message\/?$/)) traits.push({ name: 'receives', at: code.at });
      if (verifies(code)) traits.push({ name: 'verifies', at: code.at });
      if (code.kind !== 'call') continue;
      if (isCheckOff(code, file)) saw(code, 'TOKEN_CHECK_OFF');
      else if (isAlgorithmOpen(code, file)) saw(code, 'TOKEN_ALGORITHM_OPEN');
      if (dropsScheme(code) && !asking.has(functionOf(code) ?? file.root)) saw(code, 'TOKEN_SCHEME_IGNORED');
    }
    return { sightings, traits };
  },
  judge(traits) {
    const of = (name: string) => traits.find((trait) => trait.name === name);
    const [route, check] = [of('receives'), of('verifies')];
    const at = ({ location: { path, line } }: { location: { path: string; line: number } }) =>
      `${path}:${line}`;
    if (route === undefined)
      return check === undefined
        ? { applies: false, why: 'no POST /message is in the code' }
        : { applies: true, findings: [], seen: `checks tokens at ${at(check)}` };
    if (check !== undefined)
      return {
        applies: true,
        findings: [],
        seen: `POST /message at ${at(route)}, tokens checked at ${at(check)}`,
      };
    const { location } = route;
    return {
      applies: true,
      findings: [{ finding: finding('TOKEN_NOT_VERIFIED', location), location }],
      seen: '',
    };
  },
};

/** Anything that could be the check: its own name is what it is known by, so a wrong one is rather missed than invented. */
const CHECKS =
  /verif|authenticat|authoriz(?!ation)|(check|validate|require|parse|decode|read)\w*_?(auth|jwt|token|bearer|claims)|current_?(user|service)|guard|jwt\.?parse|parse(Signed)?(Claims|With)|security/i;

function verifies(code: Code): boolean {
  if (code.kind === 'name') return CHECKS.test(lastOf(code.name));
  if (code.kind !== 'call') return false;
  // `jwt.decode` checks in Python and only reads in JavaScript and Java, where a check stands beside it or is found missing.
  return (
    CHECKS.test(lastOf(code.callee)) ||
    /(^|\.)jwt\.(decode|parse)/i.test(code.callee) ||
    /^@?(PreAuthorize|Secured|RolesAllowed)/.test(code.callee)
  );
}

function isJwtDecode({ callee }: Call): boolean {
  return /(^|\.)(jwt|jws)\.decode$/i.test(callee);
}

/** Told not to check the signature, or to take `none`. */
function isCheckOff(call: Call, file: CodeFile): boolean {
  if (/\.(ParseUnverified|parseClaimsJwt|parsePlaintextJwt|parseUnsecuredClaims)$/.test(call.callee))
    return true;
  if (!isJwtDecode(call) && !/(^|\.)(jwt|jsonwebtoken)\.verify$/.test(call.callee)) return false;
  const algorithms = option(call, file, 'algorithms');
  if (algorithms !== undefined && textsIn(algorithms, file).some((text) => text.toLowerCase() === 'none'))
    return true;
  return ['verify', 'verifysignature'].some((name) => {
    const value = option(call, file, name);
    return value !== undefined && /^false$/i.test(file.text.slice(value.at, value.at + 5));
  });
}

/** PyJWT and python-jose: without `algorithms` the token itself says how it is to be checked, or nothing is. */
function isAlgorithmOpen(call: Call, file: CodeFile): boolean {
  if (file.language !== 'Python' || !isJwtDecode(call) || call.args.length < 2) return false;
  return call.args.length < 3 && !call.args.some(({ name }) => name === 'algorithms' || name === '*');
}

/** A named argument, or an entry of a record among the arguments. */
function option(call: Call, file: CodeFile, name: string): Code | undefined {
  const direct = call.args.find((arg) => arg.name !== undefined && plain(arg.name) === name)?.value;
  if (direct !== undefined) return direct;
  for (const { value } of call.args) {
    const given = resolved(value, file);
    if (given.kind !== 'record') continue;
    const entry = given.entries.find(({ key }) => key !== undefined && plain(key) === name);
    if (entry !== undefined) return entry.value;
  }
  return undefined;
}

function textsIn(code: Code, file: CodeFile): string[] {
  const own = literalOf(piecesOf(code, file));
  return own === undefined ? code.children.flatMap((child) => textsIn(child, file)) : [own];
}

/** `authorization.replace("Bearer ", "")` takes a header without the scheme as well, unless it is asked for first. */
function dropsScheme(call: Call): boolean {
  if (!/(^|\.)(replace|replaceFirst|removeprefix|TrimPrefix)$/.test(call.callee)) return false;
  const texts = call.args.flatMap(({ value }) => (value.kind === 'text' ? [value.value] : []));
  return texts.some((text) => /^bearer $/i.test(text)) && texts.every((text) => /^(bearer )?$/i.test(text));
}

/** What has a question for the beginning of a text anywhere in it: functions, and the file. */
function asksForScheme(file: CodeFile): Set<Code> {
  const found = new Set<Code>();
  for (const code of file.nodes) {
    if (code.kind !== 'call' || !/(^|\.)(startswith|HasPrefix|match|test)$/i.test(code.callee)) continue;
    for (const each of above(code)) {
      if (found.has(each)) break;
      found.add(each);
    }
  }
  return found;
}
