// What a request may carry: JSON, or nothing.
import type { IncomingMessage } from 'node:http';
import { errorCodes, type FastifyInstance } from 'fastify';
import { HungUp } from './change.js';

const MAX_BODY_BYTES = 64 * 1024;

/** Of those that may have a body, as Fastify sees it; here POST alone has one, and is answered 405 with another. */
const WITH_BODY = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** RFC 9110 §8.3.1, with whatever parameters. */
const JSON_TYPE = /^application\/json *(;|$)/i;

/**
 * Reads the body of every POST, of 64 KiB at the most, and parses it as JSON. One without a body may say any content
 * type; whether a body is needed is the route's to say. It is done here, and not by Fastify's content type parsers, since
 * those take as long for a heartbeat as all else that Fastify does for it.
 */
export function acceptJsonOrNothing(app: FastifyInstance): void {
  for (const method of WITH_BODY) app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addHook('preHandler', (request, reply, done) => {
    if (request.method !== 'POST') return done();
    readText(request.raw, (error, text) => {
      if (error !== null) {
        // What is left of the body is not waited for.
        reply.header('connection', 'close');
        return done(error);
      }
      if (text === '') return done();
      const type = request.headers['content-type'];
      if (type === undefined || !JSON_TYPE.test(type)) {
        return done(new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE(type));
      }
      parseJson(request, text, (problem, body) => {
        request.body = body;
        done(problem ?? undefined);
      });
    });
  });
}

/** Calls back once: with the text, or with why there is none. */
function readText(raw: IncomingMessage, done: (error: Error | null, text: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isDone = false;
  const settle = (error: Error | null, text = '') => {
    if (isDone) return;
    isDone = true;
    done(error, text);
  };
  const tooLarge = () => settle(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
  if (Number(raw.headers['content-length']) > MAX_BODY_BYTES) {
    tooLarge();
    return;
  }
  raw.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) tooLarge();
    else chunks.push(chunk);
  });
  raw.on('end', () => {
    const [first] = chunks;
    settle(null, chunks.length === 1 ? first?.toString() : Buffer.concat(chunks).toString());
  });
  raw.on('error', () => settle(new HungUp()));
}
