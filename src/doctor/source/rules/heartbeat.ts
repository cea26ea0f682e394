// source.heartbeat: whether the service sends heartbeats to its Coordinator, and how often.
import { HEARTBEAT_INTERVAL_S } from '../../../wire/coordinator.js';
import { finding } from '../../findings.js';
import {
  above,
  type Call,
  type Code,
  type CodeFile,
  functionOf,
  type Loop,
  lastOf,
  receiverOf,
  within,
} from '../code.js';
import type { Rule, Trait } from '../rule.js';
import { amountOf, literalOf, piecesOf } from '../values.js';
import { isRoute, requestUrl } from './endpoints.js';

export const heartbeat: Rule = {
  id: 'source.heartbeat',
  look(file) {
    const traits: Trait[] = [];
    for (const code of file.nodes)
      if (speaksToCoordinator(code)) traits.push({ name: 'coordinator', at: code.at });
    const beats = beatsOf(file);
    for (const beat of beats) traits.push({ name: isCalled(beat) ? 'called' : 'posted', at: beat.at });
    for (const { at, seconds: amount } of repetitions(file, beats))
      traits.push({ name: 'repeated', at, amount });
    return { sightings: [], traits };
  },
  judge(traits) {
    const of = (name: string) => traits.filter((trait) => trait.name === name);
    const [first] = of('coordinator');
    // What is only called a heartbeat may be of a web socket or a queue.
    if (first === undefined && of('posted').length === 0)
      return { applies: false, why: 'the code has no REGISTRY_URL: no Coordinator asks for heartbeats' };
    if (first !== undefined && of('posted').length + of('called').length === 0) {
      const { location } = first;
      return {
        applies: true,
        findings: [{ finding: finding('HEARTBEAT_MISSING', location), location }],
        seen: '',
      };
    }
    const findings = of('repeated').flatMap(({ amount, location }) => {
      if (amount === undefined || isRight(amount)) return [];
      const code = amount > HEARTBEAT_INTERVAL_S ? 'HEARTBEAT_SLOW' : 'HEARTBEAT_FAST';
      return [{ finding: finding(code, { ...location, seconds: Number(amount.toFixed(3)) }), location }];
    });
    const told = of('repeated').find(({ amount }) => amount !== undefined);
    const [loop] = told === undefined ? of('repeated') : [told];
    const where = loop === undefined ? '' : `, ${loop.location.path}:${loop.location.line}`;
    const seen =
      told === undefined
        ? 'heartbeats, at an interval that the code does not fix'
        : `a heartbeat every ${HEARTBEAT_INTERVAL_S} s`;
    return { applies: true, findings, seen: seen + where };
  },
};

function isRight(seconds: number): boolean {
  return Math.abs(seconds - HEARTBEAT_INTERVAL_S) <= 1;
}

function isCalled(code: Code): boolean {
  return code.kind === 'call' && CALLED_BEAT.test(lastOf(code.callee));
}

/** The variable itself, or the field of the settings that holds it. */
function speaksToCoordinator(code: Code): boolean {
  if (code.kind === 'text') return code.value === 'REGISTRY_URL';
  if (code.kind !== 'name') return false;
  if (/(^|\.)REGISTRY_URL$/.test(code.name) || /(settings|config|cfg|conf)\.registry_?url$/i.test(code.name))
    return true;
  // pydantic reads the field from the variable of its name.
  return (
    code.name === 'registry_url' &&
    [...above(code)].some((each) => each.kind === 'other' && each.role === 'settings')
  );
}

const CALLED_BEAT = /^_?(send_?|post_?|do_?|ping_?)?heart_?beat(_?once)?$/i;
const ABOUT_BEATS = /heart_?beat/i;

/** Requests that are heartbeats, and calls of functions that are plainly named so. */
function beatsOf(file: CodeFile): Code[] {
  return file.nodes.filter((code) => {
    if (isCalled(code)) return !isRoute(code, /heartbeat/);
    const url = requestUrl(code, file);
    return url !== undefined && /[^/]*\/heartbeats?$/.test(url);
  });
}

/** What repeats a heartbeat, and the seconds between two; undefined where the code does not tell. */
function repetitions(file: CodeFile, beats: readonly Code[]): { at: number; seconds: number | undefined }[] {
  const isBeat = new Set(beats);
  const beating = new Set(beats.flatMap((beat) => functionOf(beat)?.name ?? []));
  const sending = file.nodes.filter(
    (code) => isBeat.has(code) || (code.kind === 'call' && beating.has(lastOf(code.callee))),
  );
  const around = new Set(sending.flatMap((code) => [code, ...above(code)]));
  const sends = (code: Code) => around.has(code);
  const names = (code: Code) =>
    code.kind === 'name' && (beating.has(lastOf(code.name)) || ABOUT_BEATS.test(code.name));
  const tickers = tickersIn(file);
  return file.nodes.flatMap((code) => {
    if (code.kind === 'loop')
      return isOutermost(code) && sends(code) ? loopWait(code, file, tickersFor(code, tickers)) : [];
    if (code.kind !== 'call') return [];
    if (lastOf(code.callee) === '@Scheduled' || code.callee === '@Scheduled') {
      const method = functionOf(code);
      return method !== undefined && sends(method) ? timer(code, file) : [];
    }
    if (/^(repeat_every|scheduled_job)$/.test(lastOf(code.callee)))
      return code.parent?.children.some((each) => each.kind === 'function' && sends(each))
        ? timer(code, file)
        : [];
    const started = code.args.some(({ value }) => names(value) || sends(value));
    return started && !isBeat.has(code) ? timer(code, file) : [];
  });
}

/** No other loop around it in the same function. */
function isOutermost(loop: Loop): boolean {
  for (const each of above(loop)) {
    if (each.kind === 'function') return true;
    if (each.kind === 'loop') return false;
  }
  return true;
}

const WAITS = /^(sleep|delay|wait|setTimeout|After|Sleep|Tick|pause)$/;
/** More in one function are none of a service's. */
const MAX_TICKERS = 10;
const TICKERS = /(^|\.)(NewTicker|Tick)$/;

/** The first few tickers that each function makes, and the file outside of them. */
function tickersIn(file: CodeFile): Map<Code, Call[]> {
  const found = new Map<Code, Call[]>();
  for (const code of file.nodes) {
    if (code.kind !== 'call' || !TICKERS.test(code.callee)) continue;
    const owner = functionOf(code) ?? file.root;
    const own = found.get(owner) ?? [];
    if (own.length < MAX_TICKERS) found.set(owner, [...own, code]);
  }
  return found;
}

/** Those of the nearest function around that has any, or of the file. */
function tickersFor(loop: Loop, tickers: ReadonlyMap<Code, Call[]>): readonly Call[] {
  for (const each of above(loop)) {
    const own = tickers.get(each);
    if (own !== undefined) return own;
  }
  return [];
}

function loopWait(loop: Loop, file: CodeFile, tickers: readonly Call[]) {
  const waits = callsIn(loop).filter(({ callee }) => WAITS.test(lastOf(callee)));
  const each = (waits.length > 0 ? waits : tickers).map((call) => ({
    at: call.at,
    seconds: waitSeconds(call, file),
  }));
  const known = each.flatMap(({ at, seconds }) => (seconds === undefined ? [] : [{ at, seconds }]));
  const right = known.find(({ seconds }) => isRight(seconds));
  if (right !== undefined) return [right];
  if (known.length === 0 || known.length < each.length) return [{ at: loop.at, seconds: undefined }];
  // A short pause after a failure is not the interval.
  return [known.reduce((longest, one) => (one.seconds > longest.seconds ? one : longest))];
}

function callsIn(code: Code): Call[] {
  return [...within(code)].filter((each) => each.kind === 'call');
}

function waitSeconds(call: Call, file: CodeFile): number | undefined {
  const last = lastOf(call.callee);
  const given = call.args.find(({ name }) => name !== undefined && /^(timeout|seconds|delay)$/.test(name));
  const value = given?.value ?? call.args[last === 'setTimeout' ? 1 : 0]?.value;
  return value === undefined ? undefined : seconds(value, file, unitOf(call, file, last));
}

function unitOf({ callee }: Call, { language }: CodeFile, last: string): number | undefined {
  const named = /TimeUnit\.(\w+)$/.exec(receiverOf(callee))?.[1];
  if (named !== undefined) return TIME_UNITS[named];
  if (language === 'Python') return 1;
  if (language === 'Go') return undefined;
  if (language === 'Java' || last === 'setTimeout') return 1e-3;
  return undefined;
}

const TIME_UNITS: Record<string, number> = { MILLISECONDS: 1e-3, SECONDS: 1, MINUTES: 60, HOURS: 3600 };

/** `unit`: what a bare number counts; where that is not known, only plain milliseconds and lengths of time tell. */
function seconds(code: Code, file: CodeFile, unit: number | undefined): number | undefined {
  const amount = amountOf(code, file);
  if (amount === undefined) return undefined;
  if (amount.inSeconds) return amount.value;
  if (unit !== undefined) return amount.value * unit;
  if (file.language === 'Go') return undefined;
  return amount.value >= 1000 ? amount.value / 1000 : amount.value;
}

/** Functions that call another again and again. */
function timer(call: Call, file: CodeFile): { at: number; seconds: number | undefined }[] {
  const { args, at } = call;
  const last = lastOf(call.callee);
  const named = (name: RegExp) => args.find((each) => each.name !== undefined && name.test(each.name));
  const told = (value: Code | undefined, unit: number) => [
    { at, seconds: value && seconds(value, file, unit) },
  ];
  switch (last) {
    case 'setInterval':
      return told(args[1]?.value, 1e-3);
    case 'setTimeout':
      // A beat that starts the next one.
      return told(args[1]?.value, 1e-3);
    case 'Timer':
      return file.language === 'Python' ? told(args[0]?.value, 1) : [];
    case 'scheduleAtFixedRate':
    case 'scheduleWithFixedDelay': {
      const unit = args[3]?.value;
      const factor = unit?.kind === 'name' ? TIME_UNITS[lastOf(unit.name)] : 1e-3;
      return factor === undefined ? [] : told(args[2]?.value, factor);
    }
    case '@Scheduled': {
      const rate = named(/^fixed(Rate|Delay)(String)?$/);
      const text = rate === undefined ? undefined : literalOf(piecesOf(rate.value, file));
      const unit = named(/^timeUnit$/)?.value;
      const factor = unit?.kind === 'name' ? (TIME_UNITS[lastOf(unit.name)] ?? 1e-3) : 1e-3;
      const value = text === undefined ? Number.NaN : Number(text);
      return [{ at, seconds: Number.isNaN(value) ? undefined : value * factor }];
    }
    case 'add_job':
    case 'scheduled_job':
    case 'repeat_every': {
      const [inSeconds, inMinutes] = [named(/^seconds$/), named(/^minutes$/)];
      return inMinutes === undefined ? told(inSeconds?.value, 1) : told(inMinutes.value, 60);
    }
    default:
      return [];
  }
}
