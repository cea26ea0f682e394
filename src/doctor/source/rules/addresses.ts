// source.no-hardcoded-addresses: hosts written into URLs, and addresses where a host is asked for.
import { isIPv4, isIPv6 } from 'node:net';
import { finding } from '../../findings.js';
import { above, type Call, type Code, type CodeFile, lastOf } from '../code.js';
import type { Rule, Sighting } from '../rule.js';
import { defaultsOf, isSettingLookUp, literalOf, type Piece, piecesOf, shown } from '../values.js';

export const addresses: Rule = {
  id: 'source.no-hardcoded-addresses',
  look(file) {
    const found = new Map<number, Sighting>();
    for (const code of file.nodes) {
      for (const { host, shownAs, piece, isDefault } of hostsOf(code, file)) {
        const place = placeOf(code);
        const weight = weightOf(host.kind, isDefault && place === 'call' ? 'default' : place);
        // The same literal may be seen once in its place and once in the URL that is made of it.
        if (weight === undefined || found.has(piece.at)) continue;
        const make = { address: host.text, shownAs };
        found.set(piece.at, { at: piece.at, finding: (at) => finding(weight, { ...at, ...make }) });
      }
    }
    return { sightings: [...found.values()], traits: [] };
  },
  judge: () => ({ applies: true, findings: [], seen: 'no address of a service in a call or a URL' }),
};

type Literal = Extract<Piece, { kind: 'literal' }>;

interface Seen {
  host: Host;
  shownAs: string;
  /** Where the address is written, which a constant may have carried far. */
  piece: Literal;
  /** Behind something else that counts first. */
  isDefault?: true;
}

function hostsOf(code: Code, file: CodeFile): Seen[] {
  switch (code.kind) {
    case 'text': {
      // Spring reads the default of a setting behind the colon: `@Value("${asr.url:http://10.0.5.3}")`.
      const value = /^\$\{[^:}]*:([^}]*)\}$/.exec(code.value)?.[1];
      if (value !== undefined)
        return urlHost([{ kind: 'literal', value, at: code.at }]).map((seen) => ({
          ...seen,
          isDefault: true,
        }));
      return code.parent?.kind === 'template' ? [] : urlHost(piecesOf(code, file));
    }
    case 'template':
      return code.parent?.kind === 'template' ? [] : urlHost(piecesOf(code, file));
    case 'call':
      return [...urlHost(piecesOf(code, file)), ...connects(code, file)];
    case 'assignment':
      return asksForHost(code.target) ? bareHost(code.value, file) : [];
    case 'record':
      return code.entries.flatMap(({ key, value }) =>
        key !== undefined && asksForHost(key) ? bareHost(value, file) : [],
      );
    default:
      return [];
  }
}

const URL_HOST = /^\s*([a-z][a-z0-9+.-]*):\/\/(?:[^/?#@\s]*@)?(\[[^\]\0]*\]|[^/:?#\s]*)(:)?/i;
const HOLE = '\0';

/** The host of a text that is a URL, where it is literal from end to end. */
function urlHost(pieces: readonly Piece[]): Seen[] {
  const whole = pieces.map((piece) => (piece.kind === 'literal' ? piece.value : HOLE)).join('');
  const match = URL_HOST.exec(whole);
  if (match === null || /\S\s/.test(whole)) return [];
  const [until, scheme = '', all = '', port] = match;
  // `"http://10.0.5.3" + path`: what follows a whole address is no part of it.
  const [first = ''] = all.split(HOLE);
  const name = isIPv4(first) ? first : all;
  if (name === '' || name.includes(HOLE)) return [];
  const host = hostOf(name.replace(/^\[|\]$/g, ''), { scheme, hasPort: port !== undefined });
  const piece = pieceAt(pieces, until.length - (port?.length ?? 0) - all.length);
  return host === undefined || piece === undefined
    ? []
    : [{ host, shownAs: withoutSecrets(shown(pieces)), piece }];
}

/** Neither user and password nor a query, which may hold a key. */
function withoutSecrets(url: string): string {
  return url
    .replace(/\/\/[^/@]*@/, '//')
    .replace(/[?#].*$/s, '')
    .slice(0, 200);
}

function pieceAt(pieces: readonly Piece[], offset: number): Literal | undefined {
  let from = 0;
  for (const piece of pieces) {
    const length = piece.kind === 'literal' ? piece.value.length : HOLE.length;
    if (offset < from + length) return piece.kind === 'literal' ? piece : undefined;
    from += length;
  }
  return undefined;
}

/** An address that stands alone, with or without a port. */
function bareHost(code: Code, file: CodeFile): Seen[] {
  const pieces = piecesOf(code, file);
  const text = literalOf(pieces);
  const [first] = pieces;
  if (text === undefined || first?.kind !== 'literal')
    return defaultsOf(code).flatMap((each) =>
      bareHost(each, file).map((seen) => ({ ...seen, isDefault: true as const })),
    );
  const name = /^([\d.]+)(:\d+)?(\/\S*)?$/.exec(text)?.[1];
  const host = name === undefined ? undefined : hostOf(name, { scheme: '', hasPort: false });
  return host === undefined ? [] : [{ host, shownAs: text, piece: first }];
}

const CONNECTS =
  /(^|\.)(connect|create_?connection|Dial\w*|dial|(in)?secure_channel|HTTPS?Connection|Socket|InetSocketAddress|(Strict)?Redis)$/i;
const BINDS = /(^|\.)(run|listen|bind|serve|start|Listen\w*|createServer)$/;

/** The arguments of a call that opens a connection, and those whose name asks for a host. */
function connects(call: Call, file: CodeFile): Seen[] {
  if (BINDS.test(call.callee)) return [];
  const [variable] = call.args;
  if (variable?.value.kind === 'text' && asksForHost(variable.value.value)) {
    const defaults = defaultsOf(call).flatMap((each) => bareHost(each, file));
    if (defaults.length > 0) return defaults.map((seen) => ({ ...seen, isDefault: true }));
  }
  const opens = CONNECTS.test(call.callee);
  return call.args.flatMap(({ name, value }) => {
    if (name !== undefined) return asksForHost(name) ? bareHost(value, file) : [];
    if (!opens) return [];
    // Python gives host and port in a tuple.
    return value.kind === 'other'
      ? value.children.flatMap((each) => bareHost(each, file))
      : bareHost(value, file);
  });
}

/** `HOST_IP`, `storageHost`, `base_url`. */
function asksForHost(dotted: string): boolean {
  const words = lastOf(dotted)
    .replaceAll('-', '_')
    .replace(/([a-z\d])([A-Z])/g, '$1_$2');
  return /(^|_)(host|hostname|ip|ipaddr|addr|address|server|endpoint|url|uri|upstream|peer)$/i.test(words);
}

interface Host {
  kind: 'address' | 'name';
  text: string;
}

/** Names that stand for another machine of the same network; a public one is no service of the registry. */
const INTERNAL = /\.(svc|internal|local|lan|intranet|corp|cluster\.local)$/i;
const NO_SERVICE = /(^|\.)(localhost|(host|gateway)\.docker\.internal|metadata\.google\.internal)$/i;

/** A host that is some service's; undefined for this machine, documentation, public names and the like. */
function hostOf(text: string, { scheme, hasPort }: { scheme: string; hasPort: boolean }): Host | undefined {
  if (isIPv4(text)) return isSpecialIPv4(text) ? undefined : { kind: 'address', text };
  // RFC 3849, RFC 4291: documentation, loopback, unspecified, link-local, multicast.
  if (isIPv6(text))
    return /^(::1?$|2001:0?db8:|fe80:|ff)/i.test(text) ? undefined : { kind: 'address', text };
  if (!/^(https?|wss?|grpcs?)$/i.test(scheme) || NO_SERVICE.test(text)) return undefined;
  const plain = /^[a-z\d][\w-]*$/i.test(text) && (hasPort || /[-_](service|svc)$/i.test(text));
  return plain || (INTERNAL.test(text) && /^[\w.-]+$/.test(text)) ? { kind: 'name', text } : undefined;
}

/** RFC 5735, RFC 5737, public resolvers, and what is asked for one's own address. */
function isSpecialIPv4(text: string): boolean {
  return (
    /^(0|127)\.|^169\.254\.|^(22[4-9]|2[3-5]\d)\.|^192\.0\.2\.|^198\.51\.100\.|^203\.0\.113\./.test(text) ||
    /^(8\.8\.8\.8|8\.8\.4\.4|1\.1\.1\.1|1\.0\.0\.1|9\.9\.9\.9|10\.25[45]\.25[45]\.25[45])$/.test(text)
  );
}

/** `default`: it counts where nothing else is set. `elsewhere`: nobody is called there. */
type Place = 'call' | 'default' | 'elsewhere';

function weightOf(kind: Host['kind'], place: Place) {
  if (place === 'elsewhere') return undefined;
  if (kind === 'name') return place === 'call' ? 'HOST_HARDCODED' : undefined;
  return place === 'call' ? 'ADDRESS_HARDCODED' : 'ADDRESS_AS_DEFAULT';
}

const SPEAKS =
  /(^|\.)(print\w*|log\w*|debug|info|warn\w*|error|exception|critical|trace|echo|panic|Fatal\w*|Error\w*)$/i;
const ELSEWHERE =
  /example|sample|descri|help|placeholder|title|summary|cors|origin|allow|trusted|block|deny|namespace|xmlns|schema|bind|listen/i;

function placeOf(code: Code): Place {
  const own = code.kind === 'assignment' ? namedPlace(code.target) : undefined;
  if (own !== undefined) return own;
  let child = code;
  for (const each of above(code)) {
    if (each.kind === 'function') break;
    const place = placeIn(each, child);
    if (place !== undefined) return place;
    child = each;
  }
  return 'call';
}

function placeIn(code: Code, child: Code): Place | undefined {
  switch (code.kind) {
    case 'other':
      if (code.role === 'compare') return 'elsewhere';
      return code.role === undefined ? undefined : 'default';
    case 'assignment':
      return namedPlace(code.target);
    case 'record':
      return namedPlace(code.entries[child.index]?.key);
    case 'call': {
      const index = child.index - (code.on === undefined ? 0 : 1);
      if (SPEAKS.test(code.callee) || /cors|origin/i.test(code.callee)) return 'elsewhere';
      // The base that a relative URL is parsed against.
      if (lastOf(code.callee) === 'URL' && index === 1) return 'elsewhere';
      const isDefault = index > 0 || /orElse|default/i.test(code.callee);
      if (isDefault && isSettingLookUp(code.callee)) return 'default';
      return namedPlace(code.args[index]?.name);
    }
    default:
      return undefined;
  }
}

function namedPlace(name: string | undefined): Place | undefined {
  if (name === undefined) return undefined;
  if (ELSEWHERE.test(name)) return 'elsewhere';
  return /default|fallback/i.test(name) ? 'default' : undefined;
}
