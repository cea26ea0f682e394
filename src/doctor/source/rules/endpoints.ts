// Which calls of the guides a piece of code makes or answers.
import { above, type Call, type Code, type CodeFile, lastOf, receiverOf } from '../code.js';
import { piecesOf, shown } from '../values.js';

/** The URL of a request the code makes, `{name}` for what is not known; undefined for any other text. */
export function requestUrl(code: Code, file: CodeFile): string | undefined {
  if (code.kind !== 'text' && code.kind !== 'template' && code.kind !== 'call') return undefined;
  if (code.parent?.kind === 'template') return undefined;
  const pieces = piecesOf(code, file);
  const [first] = pieces;
  if (first === undefined || (code.kind === 'call' && pieces.length === 1)) return undefined;
  const url = shown(pieces)
    .replace(/[?#].*$/s, '')
    .replace(/\/$/, '');
  if (/\s/.test(url.replace(/\{[^}]*\}/g, ''))) return undefined;
  if (first.kind === 'hole') return pieces.length > 1 ? url : undefined;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return url;
  return url.startsWith('/') && isSentByClient(code) ? url : undefined;
}

/** `client.post("/x")`: the client knows the rest of the address. */
function isSentByClient(code: Code): boolean {
  const call = code.parent;
  return (
    call?.kind === 'call' &&
    /client|http|session|axios|registry|coordinator|rest/i.test(receiverOf(call.callee))
  );
}

const ROUTER_CALLS =
  /(^|\.)@?(post|get|put|patch|delete|all|route|api_route|add_api_route|any|handle|handlefunc|method\w*|use|path|re_path|add_url_rule|(Get|Post|Put|Delete|Request)Mapping)$/i;

/** Calls and keys that answer a path: `@app.post("/message")`, `r.HandleFunc("/message", …)`, `'POST /message': …`. */
export function isRoute(code: Code, path: RegExp): boolean {
  if (code.kind === 'record')
    return code.entries.some(({ key, value }) => {
      const isHandled = value.kind === 'function' || value.kind === 'name' || value.kind === 'other';
      return isHandled && key !== undefined && path.test(key);
    });
  if (code.kind !== 'call' || !ROUTER_CALLS.test(code.callee)) return false;
  if (/client|http\.(post|get)|session|axios|requests|fetch|registry/i.test(code.callee)) return false;
  return code.args.slice(0, 2).some(({ value }) => value.kind === 'text' && path.test(value.value));
}

/** The nearest call around. */
export function callAround(code: Code): Call | undefined {
  for (const each of above(code)) {
    if (each.kind === 'call') return each;
    if (each.kind === 'function') return undefined;
  }
  return undefined;
}

/** `trace_id`, `traceId`, `TraceID` and `trace-id` are one. */
export function plain(name: string): string {
  return lastOf(name)
    .replace(/[^a-z\d]/gi, '')
    .toLowerCase();
}
