// What an expression comes to, as far as the file tells: texts put together, constants followed, numbers counted.
import { type Call, type Code, type CodeFile, lastOf } from './code.js';

/** A part of a text: literal, or a hole that only the running service fills. */
export type Piece = { kind: 'literal'; value: string; at: number } | { kind: 'hole'; name: string };

/** How far constants are followed. */
const MAX_STEPS = 12;
const MAX_PIECES = 64;

/** What a name stands for where the file says so plainly; undefined where it does not. */
export function boundTo(name: string, { bindings }: CodeFile): Code | undefined {
  const own = bindings.get(name);
  if (own !== undefined) return own ?? undefined;
  // `self.HOST`, `this.host` and `Config.HOST` may be declared in a class body under the short name.
  if (!/^(self|cls|this|[A-Z]\w*)\.[#\w]+$/.test(name)) return undefined;
  const short = lastOf(name);
  return bindings.get(short) ?? bindings.get(`this.${short}`) ?? undefined;
}

/** The value behind names; itself where it is none. */
export function resolved(code: Code, file: CodeFile, steps = MAX_STEPS): Code {
  if (code.kind !== 'name' || steps === 0) return code;
  const value = boundTo(code.name, file);
  return value === undefined ? code : resolved(value, file, steps - 1);
}

/** The text an expression makes, in pieces. */
export function piecesOf(code: Code, file: CodeFile, steps = MAX_STEPS): Piece[] {
  if (steps === 0) return [{ kind: 'hole', name: '?' }];
  const deeper = (each: Code) => piecesOf(each, file, steps - 1);
  switch (code.kind) {
    case 'text':
      return [{ kind: 'literal', value: code.value, at: code.at }];
    case 'number':
      return [{ kind: 'literal', value: String(code.value), at: code.at }];
    case 'template':
      return together(code.children, code.at, deeper);
    case 'name': {
      const value = resolved(code, file, steps);
      return value.kind === 'name' ? [{ kind: 'hole', name: code.name }] : named(deeper(value), code.name);
    }
    case 'call':
      return ofCall(code, deeper);
    default:
      return [{ kind: 'hole', name: '?' }];
  }
}

/** Never nothing and never many, so that texts made of texts made of texts come to an end. */
function together(parts: readonly Code[], at: number, deeper: (code: Code) => Piece[]): Piece[] {
  const pieces: Piece[] = [];
  for (const part of parts) {
    pieces.push(...deeper(part));
    if (pieces.length >= MAX_PIECES) return [...pieces.slice(0, MAX_PIECES), { kind: 'hole', name: '…' }];
  }
  return pieces.length === 0 ? [{ kind: 'literal', value: '', at }] : pieces;
}

/** A hole with no name of its own is known by the name that stands for it. */
function named(pieces: Piece[], name: string): Piece[] {
  return pieces.map((piece) =>
    piece.kind === 'hole' && piece.name === '?' ? { kind: 'hole', name } : piece,
  );
}

/** Calls that hand a text on, to the letter or nearly so. */
const HANDS_ON =
  /^(str|String|URI\.create|URI|URL|url\.Parse|httpx\.URL|.*\.(rstrip|lstrip|strip|trim|trimEnd|toString|TrimRight|TrimSuffix|TrimSpace|stripTrailing))$/;
const FORMATS = /^(%|.*\.format|.*\.formatted|fmt\.Sprintf|String\.format|util\.format|format)$/;

function ofCall(call: Call, deeper: (code: Code) => Piece[]): Piece[] {
  const [first] = call.args;
  if (FORMATS.test(call.callee)) {
    const template = call.on ?? first?.value;
    const values = call.args.slice(call.on === undefined ? 1 : 0).map(({ value }) => value);
    return template === undefined ? [] : filled(deeper(template), values, deeper);
  }
  if (HANDS_ON.test(call.callee)) {
    const inner =
      call.on ??
      (/^(str|String|UR[IL]|.*\.(create|Parse|URL|Trim\w+))$/.test(call.callee) ? first?.value : undefined);
    if (inner !== undefined) return deeper(inner);
  }
  const env = first?.value.kind === 'text' && isSettingLookUp(call.callee) ? `.${first.value.value}` : '';
  return [{ kind: 'hole', name: `${call.callee}()${env}` }];
}

/** Fills `%s`, `%d`, `{}` and `{0}` in their order. */
function filled(pieces: readonly Piece[], values: readonly Code[], deeper: (code: Code) => Piece[]): Piece[] {
  const made: Piece[] = [];
  let next = 0;
  for (const piece of pieces) {
    if (piece.kind === 'hole') made.push(piece);
    else
      for (const [index, part] of piece.value.split(/(%[sdvq]|\{\w*\})/).entries()) {
        if (made.length >= MAX_PIECES) return made;
        if (index % 2 === 0) {
          if (part !== '') made.push({ ...piece, value: part });
          continue;
        }
        const value = values[next];
        next += 1;
        if (value === undefined) made.push({ kind: 'hole', name: '?' });
        else made.push(...deeper(value));
      }
  }
  return made.length === 0 ? [...pieces] : made;
}

/** True for a call that reads a setting: its other arguments are defaults. */
export function isSettingLookUp(callee: string): boolean {
  return /env|config|setting|option|flag|argument|getOrDefault|orElse|propert|default|@Value/i.test(callee);
}

/** What an expression comes to where something else is not set: behind `or`, as the default of a setting. */
export function defaultsOf(code: Code): readonly Code[] {
  if (code.kind === 'other') {
    if (code.role === 'fallback') return code.children;
    return code.children.filter((each) => each.kind === 'other' && each.role === 'fallback');
  }
  if (code.kind !== 'call') return [];
  const isField = /(^|\.)Field$/.test(code.callee);
  if (!isField && !isSettingLookUp(code.callee)) return [];
  const named = code.args.find(({ name }) => name === 'default');
  const from = isField || /orElse$/.test(code.callee) ? 0 : 1;
  const given = named ?? code.args[from];
  return given === undefined || (given.name !== undefined && given !== named) ? [] : [given.value];
}

/** The text with `{name}` for what is not known. */
export function shown(pieces: readonly Piece[]): string {
  return pieces.map((piece) => (piece.kind === 'literal' ? piece.value : `{${piece.name}}`)).join('');
}

/** The whole text; undefined where a part of it is not known. */
export function literalOf(pieces: readonly Piece[]): string | undefined {
  return pieces.length > 0 && pieces.every(({ kind }) => kind === 'literal') ? shown(pieces) : undefined;
}

/** Seconds of one unit, by the last word of what names it. */
const UNITS: Record<string, number> = {
  Nanosecond: 1e-9,
  Microsecond: 1e-6,
  Millisecond: 1e-3,
  Second: 1,
  Minute: 60,
  Hour: 3600,
  ofMillis: 1e-3,
  ofSeconds: 1,
  ofMinutes: 60,
};

export interface Amount {
  value: number;
  /** The value is in seconds; else in whatever the one who takes it counts in. */
  inSeconds: boolean;
}

/** A number, or a length of time; undefined where the file does not tell. */
export function amountOf(code: Code, file: CodeFile, steps = MAX_STEPS): Amount | undefined {
  if (steps === 0) return undefined;
  const deeper = (each: Code) => amountOf(each, file, steps - 1);
  switch (code.kind) {
    case 'number':
      return { value: code.value, inSeconds: false };
    case 'name': {
      const unit = UNITS[lastOf(code.name)];
      if (unit !== undefined) return { value: unit, inSeconds: true };
      const value = resolved(code, file, steps);
      return value.kind === 'name' ? undefined : deeper(value);
    }
    case 'arithmetic': {
      const [left, right] = code.children.map(deeper);
      if (left === undefined || right === undefined) return undefined;
      const inSeconds = left.inSeconds || right.inSeconds;
      if (code.operator === '*') return { value: left.value * right.value, inSeconds };
      return code.operator === '/' ? { value: left.value / right.value, inSeconds } : undefined;
    }
    case 'call': {
      const [first] = code.args;
      const amount = first === undefined ? undefined : deeper(first.value);
      if (amount === undefined) return undefined;
      const unit = UNITS[lastOf(code.callee)];
      if (unit !== undefined) return { value: amount.value * unit, inSeconds: true };
      return /^(time\.)?Duration$/.test(code.callee) ? amount : undefined;
    }
    default:
      return undefined;
  }
}
