// source.trace-id: messages to other services, and whether they carry the id that follows a request.
import { finding } from '../../findings.js';
import { type Call, type Code, type CodeFile, functionOf, lastOf, type Rec, receiverOf } from '../code.js';
import type { Rule, Sighting, Trait } from '../rule.js';
import { literalOf, piecesOf, resolved } from '../values.js';
import { plain, requestUrl } from './endpoints.js';

export const trace: Rule = {
  id: 'source.trace-id',
  look(file) {
    const sightings = new Map<number, Sighting>();
    const traits: Trait[] = [];
    const untraced = (at: number) =>
      sightings.set(at, { at, finding: (place) => finding('MESSAGE_WITHOUT_TRACE', place) });
    const posts = file.nodes.filter((code): code is Call => code.kind === 'call' && isPost(code, file));
    const isPosting = new Set<Code>(posts);
    const completed = completedIn(file);
    for (const call of posts) {
      const body = bodyOf(call, file);
      if (body === undefined) traits.push({ name: 'handed-in', at: call.at });
      else if (carriesTrace(body, completed)) traits.push({ name: 'carries', at: body.at });
      else untraced(body.at);
    }
    for (const code of file.nodes) {
      if (addsTrace(code)) traits.push({ name: 'adds', at: code.at });
      if (isEnvelopeText(code, file)) untraced(code.at);
      if (code.kind !== 'record' || sightings.has(code.at) || !isEnvelope(code, file)) continue;
      if (carriesTrace(code, completed)) traits.push({ name: 'carries', at: code.at });
      else if (isHandedOn(code, isPosting)) traits.push({ name: 'handed-on', at: code.at });
      else untraced(code.at);
    }
    return { sightings: [...sightings.values()], traits };
  },
  judge(traits) {
    const of = (name: string) => traits.filter((trait) => trait.name === name);
    // A helper that puts the id into what it is given does it for all who call it.
    const handedOn = of('adds').length > 0 ? [] : of('handed-on');
    const findings = handedOn.map(({ location }) => ({
      finding: finding('MESSAGE_WITHOUT_TRACE', location),
      location,
    }));
    const carried = new Set(of('carries').map(({ location }) => `${location.path}:${location.line}`)).size;
    const handedIn = of('handed-in').length;
    if (carried + handedIn + of('handed-on').length === 0)
      return { applies: false, why: 'no message to another service is in the code' };
    const parts = [
      ...(carried > 0 ? [`${carried} with a trace_id`] : []),
      ...(handedIn > 0 ? [`${handedIn} sent as handed in, judged where made`] : []),
    ];
    return { applies: true, findings, seen: `messages: ${parts.join(', ') || 'completed by a helper'}` };
  },
};

function keysOf(record: Rec): Map<string, Code> {
  return new Map(
    record.entries.flatMap(({ key, value }) => (key === undefined ? [] : [[plain(key), value] as const])),
  );
}

const TYPES = /^(command|query|event)$/;

/** The guide's format: a type of three, and a payload. */
function isEnvelope(record: Rec, file: CodeFile): boolean {
  const keys = keysOf(record);
  const type = keys.get('type');
  return keys.has('payload') && type !== undefined && TYPES.test(literalOf(piecesOf(type, file)) ?? '');
}

/** The same, written as JSON in a text. */
function isEnvelopeText(code: Code, file: CodeFile): boolean {
  if ((code.kind !== 'text' && code.kind !== 'template') || code.parent?.kind === 'template') return false;
  const text = piecesOf(code, file)
    .map((piece) => (piece.kind === 'literal' ? piece.value : ''))
    .join('');
  return (
    /^\s*\{/.test(text) &&
    /"type"\s*:\s*"(command|query|event)"/.test(text) &&
    /"payload"\s*:/.test(text) &&
    !/trace_?id/i.test(text)
  );
}

/** Has it, may have it by what is spread into it, or gets it later in the file. */
function carriesTrace(record: Rec, completed: ReadonlySet<string>): boolean {
  if (record.open || keysOf(record).has('traceid')) return true;
  return record.parent?.kind === 'assignment' && completed.has(record.parent.target);
}

/** The names of what gets a trace id, or may get one, after it is made. */
function completedIn(file: CodeFile): Set<string> {
  const names = file.nodes.flatMap((code) => {
    if (code.kind === 'assignment') return plain(code.target) === 'traceid' ? [receiverOf(code.target)] : [];
    if (code.kind !== 'call') return [];
    const [first] = code.args;
    if (code.callee === 'Object.assign') return first?.value.kind === 'name' ? [first.value.name] : [];
    return /^(update|setdefault|put|set)$/.test(lastOf(code.callee)) ? [receiverOf(code.callee)] : [];
  });
  return new Set(names);
}

/** Puts the id into a message that somebody else made. */
function addsTrace(code: Code): boolean {
  if (code.kind === 'record') return code.open && keysOf(code).has('traceid');
  if (code.kind === 'assignment') return code.target.includes('.') && plain(code.target) === 'traceid';
  if (code.kind !== 'call' || !/\.(setdefault|put|set)$/.test(code.callee)) return false;
  const [key] = code.args;
  return key?.value.kind === 'text' && plain(key.value.value) === 'traceid';
}

const SENDS = /(^|\.)(post|fetch|request|send|exchange|Post|NewRequest\w*|postFor\w*|urlopen)$/;
const SERIALISES = /(^|\.)(stringify|dumps|encode|Marshal|NewBuffer|NewReader|from|writeValueAsString)$/;

/** Kept, given back, or given to a function of the service's own: the id may be added before it is sent. */
function isHandedOn(record: Rec, posts: ReadonlySet<Code>): boolean {
  const { parent } = record;
  if (parent?.kind === 'assignment' || parent?.kind === 'function') return true;
  if (parent?.kind === 'other') return parent.role === undefined;
  return parent?.kind === 'call' && !posts.has(parent) && !SERIALISES.test(parent.callee);
}

/** A POST to some `…/message`. */
function isPost(call: Call, file: CodeFile): boolean {
  if (!SENDS.test(call.callee)) return false;
  return call.args.some(({ value }) => {
    const url = requestUrl(resolved(value, file), file);
    return url !== undefined && /[^/]\/message$/.test(url);
  });
}

const BODY = /^(json|data|body|content)$/;

/** What is sent, where the file shows it. */
function bodyOf(call: Call, file: CodeFile): Rec | undefined {
  const named = call.args.find(({ name }) => name !== undefined && BODY.test(name))?.value;
  const options = call.args
    .map(({ value }) => resolved(value, file))
    .filter((value) => value.kind === 'record');
  const inOptions = options.flatMap(({ entries }) => entries.filter(({ key }) => BODY.test(key ?? '')))[0]
    ?.value;
  const second = lastOf(call.callee) === 'post' ? call.args[1] : undefined;
  const given = named ?? inOptions ?? (second?.name === undefined ? second?.value : undefined);
  return given === undefined ? undefined : recordIn(given, file);
}

function recordIn(code: Code, file: CodeFile): Rec | undefined {
  const value = resolved(code, file);
  // A name that is a parameter of this function is somebody else's message.
  if (value.kind === 'record')
    return functionOf(value) === functionOf(code) || code.kind !== 'name' ? value : undefined;
  const [first] = value.kind === 'call' && SERIALISES.test(value.callee) ? value.args : [];
  return first === undefined ? undefined : recordIn(first.value, file);
}
