// source.no-hardcoded-secrets: the key that signs tokens, written down.
import { finding } from '../../findings.js';
import { above, type Call, type Code, type CodeFile, functionOf, lastOf, receiverOf } from '../code.js';
import type { Rule, Sighting } from '../rule.js';
import { boundTo, defaultsOf, literalOf, piecesOf } from '../values.js';

export const secrets: Rule = {
  id: 'source.no-hardcoded-secrets',
  look(file) {
    const found = new Map<number, Sighting>();
    for (const code of file.nodes)
      for (const { name, at, code: kind } of secretsOf(code, file))
        if (!found.has(at)) found.set(at, { at, finding: (place) => finding(kind, { ...place, name }) });
    return { sightings: [...found.values()], traits: [] };
  },
  judge: () => ({ applies: true, findings: [], seen: 'no signing secret is written down' }),
};

interface Seen {
  name: string;
  at: number;
  code: 'SECRET_HARDCODED' | 'SECRET_AS_DEFAULT';
}

function secretsOf(code: Code, file: CodeFile): Seen[] {
  switch (code.kind) {
    case 'assignment':
      return isSecretName(code.target) ? written(code.value, code.target, file, isDefaulted(code)) : [];
    case 'record':
      return code.entries.flatMap(({ key, value }) =>
        key !== undefined && isSecretName(key) ? written(value, key, file, false) : [],
      );
    case 'call':
      return [
        ...code.args.flatMap(({ name, value }) =>
          name !== undefined && isSecretName(name) ? written(value, name, file, false) : [],
        ),
        ...keysOf(code).flatMap((key) => written(key, `the key of ${code.callee}`, file, false)),
        ...lookedUp(code).flatMap(({ name, value }) => written(value, name, file, true)),
      ];
    default:
      return [];
  }
}

/** `JWT_SECRET`, `jwtSecretKey`, `signing_key`, `secret`; not `JWT_SECRET_FILE`. */
function isSecretName(dotted: string): boolean {
  const plain = lastOf(dotted)
    .replace(/[^a-z\d]/gi, '')
    .toLowerCase();
  return (
    plain === 'secret' || /(jwt|token|hmac|auth)secret$|(jwt|secret|signing|hmac)key(bytes)?$/.test(plain)
  );
}

/** In a settings class or a signature: the value where nothing else is given. */
function isDefaulted(code: Code): boolean {
  for (const each of above(code)) {
    if (each.kind === 'function') return false;
    if (each.kind === 'other' && (each.role === 'settings' || each.role === 'parameter')) return true;
  }
  return false;
}

/** Functions that sign or check, and which argument is the key. */
const KEY_ARGUMENT: [RegExp, number][] = [
  [/(^|\.)(jwt|jsonwebtoken|jws)\.(encode|decode|sign|verify)$/i, 1],
  [/\.SignedString$/, 0],
  [/(^|\.)HMAC(256|384|512)$/, 0],
  [/(^|\.)hmacShaKeyFor$/, 0],
  [/\.(setSigningKey|verifyWith)$/, 0],
  [/\.signWith$/, 0],
  [/\.signWith$/, 1],
  [/(^|\.)SecretKeySpec$/, 0],
  [/(^|\.)createHmac$/, 1],
  [/(^|\.)hmac\.New$/, 1],
  [/(^|\.)hmac\.new$/, 0],
];

function keysOf(call: Call): Code[] {
  const { callee, args } = call;
  // Go hands the key over from a function: `jwt.Parse(token, func(…) { return []byte("x"), nil })`.
  const around = callee === 'byte' ? functionOf(call)?.parent : undefined;
  if (around?.kind === 'call' && /(^|\.)jwt\.Parse(WithClaims)?$/.test(around.callee)) return [call];
  return KEY_ARGUMENT.flatMap(([pattern, at]) => {
    if (!pattern.test(callee)) return [];
    const key = args.find(({ name }) => name === 'key') ?? args[at];
    return key === undefined || (key.name !== undefined && key.name !== 'key') ? [] : [key.value];
  });
}

/** `os.getenv("JWT_SECRET", "x")`, wherever it is given. */
function lookedUp(call: Call): { name: string; value: Code }[] {
  const [variable] = call.args;
  if (variable?.value.kind !== 'text' || !isSecretName(variable.value.value)) return [];
  const name = variable.value.value;
  return defaultsOf(call).map((value) => ({ name, value }));
}

/** Where a literal secret is behind the expression. */
function written(code: Code, name: string, file: CodeFile, isDefault: boolean): Seen[] {
  const value = unwrapped(code, file);
  const pieces = piecesOf(value, file);
  const text = literalOf(pieces);
  const [first] = pieces;
  if (text !== undefined && first?.kind === 'literal')
    return isSecretValue(text, name)
      ? [{ name: lastOf(name), at: first.at, code: isDefault ? 'SECRET_AS_DEFAULT' : 'SECRET_HARDCODED' }]
      : [];
  return defaultsOf(value).flatMap((each) => written(each, name, file, true));
}

const AS_BYTES = /(^|\.)(byte|bytes|getBytes|encode|from|toCharArray|b64decode|decode)$/;

/** `"x".encode()`, `[]byte("x")`, `Buffer.from("x")`: the text itself. */
function unwrapped(code: Code, file: CodeFile): Code {
  if (code.kind !== 'call' || !AS_BYTES.test(code.callee)) return code;
  const [first] = code.args;
  if (code.on?.kind === 'text' || code.on?.kind === 'template') return code.on;
  return boundTo(receiverOf(code.callee), file) ?? first?.value ?? code;
}

/** A value that could sign: no name of a variable, no template, no path, no type. */
function isSecretValue(value: string, name: string): boolean {
  const plain = (text: string) => text.replace(/[^a-z\d]/gi, '').toLowerCase();
  if (/^(str|string|text|required|optional|hidden|password|none|null|undefined)$/i.test(value)) return false;
  if (value.length < 3 || /\s|^[<[{$%(/.]|^\w+:\/\/|^arn:/.test(value)) return false;
  return !/^[A-Z][A-Z\d]*(_[A-Z\d]+)+$/.test(value) && plain(value) !== plain(lastOf(name));
}
