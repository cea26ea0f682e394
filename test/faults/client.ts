// The calls that the traffic makes, each written into the history with what came back.
import http from 'node:http';
import { signHs256 } from '../support/hs256.js';
import type { Change, History, Outcome, Read, Seen } from './history.js';

/** A replica, or the one registry there is, by its name in the history. */
export interface Target {
  readonly name: string;
  readonly url: string;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: unknown;
  readonly text: string;
}

const PREFIX = '/api/v1/registry';
/** A client that waits for longer has been let down: every promise is about answers. */
const PATIENCE_MS = 10_000;

export class Client {
  readonly #history: History;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  readonly #headers: Record<string, string>;

  /** With a token of `token.serviceId` on every call where one is given. */
  constructor(history: History, token?: { readonly secret: string; readonly serviceId: number }) {
    this.#history = history;
    this.#headers =
      token === undefined
        ? {}
        : { authorization: `Bearer ${signHs256({ service_id: token.serviceId }, token.secret)}` };
  }

  async register(
    target: Target,
    service: string,
    id: string,
    url: string,
    metadata: Record<string, unknown> = { status: 'healthy' },
  ): Promise<Change> {
    const service_metadata = { ...metadata, instance_id: id };
    const body = { service_name: service, service_url: url, service_metadata };
    return this.#change(target, service, id, url, `${PREFIX}/register`, body);
  }

  async deregister(target: Target, service: string, id: string): Promise<Change> {
    const path = `${PREFIX}/deregister?service_name=${service}&instance_id=${id}`;
    return this.#change(target, service, id, null, path, undefined);
  }

  async #change(
    target: Target,
    service: string,
    id: string,
    url: string | null,
    path: string,
    body: object | undefined,
  ): Promise<Change> {
    const start = performance.now();
    const { status, detail, sent } = await this.#tell(target, path, body);
    const end = performance.now();
    const outcome = outcomeOf(status, detail, sent);
    const op = {
      kind: 'change',
      replica: target.name,
      service,
      id,
      url,
      start,
      end,
      status,
      detail,
      outcome,
    };
    this.#history.add(op as Change);
    return op as Change;
  }

  /** The status of the answer, 0 where there was none. */
  async beat(target: Target, service: string, id: string): Promise<number> {
    const start = performance.now();
    const body = { service_name: service, instance_id: id };
    const { status, detail } = await this.#tell(target, `${PREFIX}/heartbeat`, body);
    const end = performance.now();
    this.#history.add({ kind: 'beat', replica: target.name, service, id, start, end, status, detail });
    return status;
  }

  list(target: Target, service: string): Promise<Read> {
    return this.#read('list', target, service, `${PREFIX}/services/${service}`);
  }

  discover(target: Target, service: string): Promise<Read> {
    return this.#read('discover', target, service, `${PREFIX}/discover/${service}`);
  }

  url(target: Target, service: string): Promise<Read> {
    return this.#read('url', target, service, `${PREFIX}/services/${service}/url`);
  }

  /** Any GET, which is not written down. */
  async get(target: Target, path: string): Promise<Answer> {
    return this.#ask(target, 'GET', path);
  }

  async #read(kind: Read['kind'], target: Target, service: string, path: string): Promise<Read> {
    const start = performance.now();
    const asked = { kind, replica: target.name, service, start };
    let read: Read;
    try {
      const { status, body, text, headers } = await this.#ask(target, 'GET', path);
      const stale = String(headers.warning ?? '').startsWith('110');
      const rows = rowsOf(kind, status, body);
      read = { ...asked, end: performance.now(), status, detail: text.slice(0, 200), rows, stale };
    } catch (error) {
      const end = performance.now();
      read = { ...asked, end, status: 0, detail: String(error), rows: undefined, stale: false };
    }
    this.#history.add(read);
    return read;
  }

  async #tell(
    target: Target,
    path: string,
    body: object | undefined,
  ): Promise<{ status: number; detail: string; sent: boolean }> {
    try {
      const { status, text } = await this.#ask(target, 'POST', path, body);
      return { status, detail: text.slice(0, 300), sent: true };
    } catch (error) {
      const refused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
      return { status: 0, detail: String(error), sent: !refused };
    }
  }

  #ask({ url }: Target, method: string, path: string, body?: object): Promise<Answer> {
    const content = body === undefined ? undefined : JSON.stringify(body);
    const type = content === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { ...this.#headers, ...type, 'content-length': Buffer.byteLength(content ?? '') };
    return new Promise((resolve, reject) => {
      const request = http.request(url + path, { method, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('close', () => reject(new Error('the answer broke off')));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, text, body: parsed(text) });
        });
      });
      request.on('error', reject);
      request.setTimeout(PATIENCE_MS, () => request.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)));
      request.end(content);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whoever was told that nothing was changed, or was refused, may rely on it; anything else leaves it open. */
function outcomeOf(status: number, detail: string, sent: boolean): Outcome {
  if (status >= 200 && status < 300) return 'done';
  if (!sent || (status >= 400 && status < 500)) return 'nothing';
  return status === 503 && /nothing was changed|is loading/i.test(detail) ? 'nothing' : 'unknown';
}

type Row = { instance_id?: unknown; service_url?: unknown; state?: unknown };

/** An instance as listings and events of a watch have it. */
export function seenOf(row: Row): Seen {
  return { id: String(row.instance_id), url: String(row.service_url), state: String(row.state) };
}

function rowsOf(kind: Read['kind'], status: number, body: unknown): Seen[] | undefined {
  if (kind === 'url') {
    if (status === 404) return [];
    const url = String((body as { url?: unknown } | undefined)?.url);
    return status === 200 ? [{ id: '', url, state: 'healthy' }] : undefined;
  }
  return status === 200 && Array.isArray(body) ? (body as Row[]).map(seenOf) : undefined;
}
