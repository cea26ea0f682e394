// `GET …/services`, the same in both APIs, a batch of rows at a time.
import * as v from 'valibot';
import { fail } from '../errors.js';
import type { Http, HttpAnswer, HttpRequest } from '../http/http.js';
import { isServiceRow, type ServiceRow, ServiceRows } from '../wire/config-service.js';
import { describeBody, refusal, shapeProblem, toService } from './answers.js';
import { arrayItems } from './array-items.js';
import type { Service } from './client.js';
import { limitDepth } from './depth.js';

/** What a body that is no JSON is told by. */
const HEAD_CHARACTERS = 300;

/** Asks for the list; `refused` is the error that an answer outside 2xx means. Throws what `read` throws. */
export async function* serviceList(
  http: Http,
  request: HttpRequest,
  refused: (answer: HttpAnswer) => Error = refusal,
): AsyncGenerator<Service[]> {
  const answer = await http.stream(request);
  if ('text' in answer) throw refused(answer);
  const { url } = request;
  const seen = { ...answer, text: '', length: 0 };
  try {
    for await (const found of arrayItems(noting(answer.pieces, seen))) {
      yield rowsOf(found.isArray ? found.items : found.document, url).map(toService);
    }
  } catch (error) {
    if (error instanceof RangeError) throw fail('ANSWER_TOO_LARGE', { url, limit: '64 MiB' });
    if (!(error instanceof SyntaxError)) throw error;
    throw fail('NOT_THE_API', { url, seen: describeBody(seen) });
  }
}

/** All of the batches in one. */
export async function whole<T>(batches: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) for (const item of batch) all.push(item);
  return all;
}

/** Hands the pieces on, and keeps of them what says what they are. */
async function* noting(pieces: AsyncIterable<string>, seen: { text: string; length: number }) {
  for await (const piece of pieces) {
    if (seen.text.length < HEAD_CHARACTERS) seen.text += piece.slice(0, HEAD_CHARACTERS);
    seen.length += piece.length;
    yield piece;
  }
}

function rowsOf(document: unknown, url: string): ServiceRow[] {
  const found = limitDepth(document);
  // Ten times as fast as the schema, which says what is wrong.
  if (Array.isArray(found) && found.every(isServiceRow)) return found;
  const parsed = v.safeParse(ServiceRows, found);
  if (parsed.success) return parsed.output;
  throw fail('NOT_THE_API', { url, seen: shapeProblem(parsed.issues[0]) });
}
