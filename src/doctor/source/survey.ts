// One pass over the code: file by file, every rule at once; of a file nothing is kept but what the rules saw.
import { open } from 'node:fs/promises';
import { setImmediate as breathe } from 'node:timers/promises';
import { finding } from '../findings.js';
import type { Finding, Location } from '../result.js';
import { type Language, languageOf } from './language.js';
import { linesOf } from './lines.js';
import { readCode, TooHard } from './read.js';
import type { Judgement, PlacedTrait } from './rule.js';
import { addresses } from './rules/addresses.js';
import { heartbeat } from './rules/heartbeat.js';
import { registration } from './rules/registration.js';
import { secrets } from './rules/secrets.js';
import { tokens } from './rules/tokens.js';
import { trace } from './rules/trace.js';
import { type Waiver, waiversOf } from './waivers.js';
import { walk } from './walk.js';

const RULES = [addresses, secrets, trace, heartbeat, registration, tokens];

/** Larger is written by machines. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** More is not one service. */
const MAX_FILES = 5_000;

/** What the code showed. */
export interface Survey {
  /** Language → number of files read. */
  files: Map<string, number>;
  tests: number;
  /** What was not looked at because it is not this code's own. */
  leftOut: Set<string>;
  /** Why something could not be read or followed. */
  unread: Finding[];
  rules: Map<string, Judgement & { waived: string[] }>;
  /** Waivers that are no good. */
  waivers: Finding[];
  /** How many waivers there are. */
  waiverCount: number;
}

interface Placed {
  id: string;
  finding: Finding;
  location: Location;
}

/** Examines the code in `folder` (absolute), called `shownAs` in findings. Throws the file system's error for the folder itself. */
export async function survey(folder: string, shownAs: string, signal: AbortSignal): Promise<Survey> {
  const pass: Survey = {
    files: new Map(),
    tests: 0,
    leftOut: new Set(),
    unread: [],
    rules: new Map(),
    waivers: [],
    waiverCount: 0,
  };
  const sightings: Placed[] = [];
  const traits = new Map<string, PlacedTrait[]>(RULES.map(({ id }) => [id, []]));
  const waivers: Waiver[] = [];
  const languages = new Map<string, (path: string) => Language>();
  for (const { path, file } of await codeIn(folder, shownAs, pass, signal)) {
    signal.throwIfAborted();
    const entry = languageOf(path);
    if (entry === undefined) continue;
    const text = await readText(file, signal);
    if (typeof text !== 'string') {
      pass.unread.push(finding('SOURCE_UNREADABLE', { path, cause: text.cause }));
      continue;
    }
    const load = languages.get(entry.name) ?? (await entry.load());
    languages.set(entry.name, load);
    const place = linesOf(text);
    const locate = (offset: number): Location => ({ path, ...place(offset) });
    try {
      const code = await readCode(path, text, load(path), signal);
      for (const rule of RULES) {
        await breathe();
        signal.throwIfAborted();
        const seen = rule.look(code);
        for (const { at, finding: make } of seen.sightings)
          sightings.push({ id: rule.id, finding: make(locate(at)), location: locate(at) });
        for (const { name, at, amount } of seen.traits)
          traits.get(rule.id)?.push({ name, amount, location: locate(at) });
      }
      waivers.push(...waiversOf(code));
      if (code.errorAt !== undefined)
        pass.unread.push(finding('SOURCE_UNPARSED', { ...locate(code.errorAt), language: entry.name }));
      pass.files.set(entry.name, (pass.files.get(entry.name) ?? 0) + 1);
    } catch (error) {
      // The grammars and the stack have their limits too.
      if (!(error instanceof TooHard || error instanceof RangeError)) throw error;
      const cause = error instanceof TooHard ? error.message : 'it is nested too deeply';
      pass.unread.push(finding('SOURCE_UNREADABLE', { path, cause }));
    }
  }
  return concluded(pass, sightings, traits, waivers);
}

/** The files to read; none where there are too many of them. */
async function codeIn(folder: string, shownAs: string, pass: Survey, signal: AbortSignal) {
  const files: { path: string; file: string }[] = [];
  for await (const each of walk(folder, shownAs)) {
    signal.throwIfAborted();
    if (each.kind === 'test') pass.tests += 1;
    else if (each.kind === 'left-out') pass.leftOut.add(each.name);
    else if (each.kind === 'unreadable')
      pass.unread.push(finding('SOURCE_UNREADABLE', { path: each.path, cause: each.cause }));
    else files.push(each);
    if (files.length > MAX_FILES) {
      pass.unread.push(finding('SOURCE_TOO_LARGE', { path: shownAs, files: MAX_FILES }));
      return [];
    }
  }
  return files;
}

function concluded(
  pass: Survey,
  sightings: readonly Placed[],
  traits: ReadonlyMap<string, readonly PlacedTrait[]>,
  waivers: readonly Waiver[],
): Survey {
  const used = new Set<Waiver>();
  const keyOf = (id: string, path: string, line: number) => JSON.stringify([id, path, line]);
  const byPlace = new Map(
    waivers
      .filter(({ reason }) => reason !== '')
      .map((each) => [keyOf(each.id, each.path, each.covers), each] as const),
  );
  const waiverOf = ({ id, location }: Placed) => {
    const waiver = byPlace.get(keyOf(id, location.path, location.line));
    if (waiver !== undefined) used.add(waiver);
    return waiver;
  };
  for (const { id, judge } of RULES) {
    const judged = judge(traits.get(id) ?? []);
    const own = sightings.filter((each) => each.id === id);
    const placed = [...own, ...(judged.applies ? judged.findings.map((each) => ({ id, ...each })) : [])];
    const waived = placed.flatMap((each) => {
      const waiver = waiverOf(each);
      return waiver === undefined
        ? []
        : [`${each.location.path}:${each.location.line} because ${waiver.reason}`];
    });
    const findings = placed.filter((each) => waiverOf(each) === undefined);
    const isJudged = judged.applies || placed.length > 0;
    pass.rules.set(
      id,
      isJudged
        ? { applies: true, findings, seen: judged.applies ? judged.seen : '', waived }
        : { applies: false, why: judged.applies ? '' : judged.why, waived },
    );
  }
  pass.waiverCount = waivers.length;
  pass.waivers = waivers.flatMap((waiver) => {
    const { id, path, line, column } = waiver;
    if (waiver.reason === '') return [finding('ALLOW_WITHOUT_REASON', { id, path, line, column })];
    return used.has(waiver) ? [] : [finding('ALLOW_UNUSED', { id, path, line, column })];
  });
  return pass;
}

/** The text of a file; or why it has none. What is not UTF-8 is taken for Latin-1, where code itself reads the same. */
async function readText(file: string, signal: AbortSignal): Promise<string | { cause: string }> {
  let bytes: Buffer;
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      if (size > MAX_FILE_BYTES) return { cause: `it is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB` };
      bytes = await handle.readFile({ signal });
    } finally {
      await handle.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return { cause: error instanceof Error ? error.message : String(error) };
  }
  if (bytes.includes(0)) return { cause: 'it is no text' };
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}
