// GET /watch: every change as a server-sent event (HTML Living Standard, "Server-sent events").
import type { FastifyInstance } from 'fastify';
import { PREFIX, WatchQuery } from '../../wire/config-service.js';
import { WatchFeed } from '../watch-feed.js';
import { holdNothing } from './batched-writes.js';
import { RETRY_AFTER_S } from './errors.js';
import type { Registry } from './registry.js';
import { parse } from './validate.js';

export const WATCH = `${PREFIX}/watch`;

/** Streams held open at once. */
const MAX_WATCHERS = 10_000;

const STREAM = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // Of nginx: hand every event on at once.
  'x-accel-buffering': 'no',
};

const GONE = 'What changed since that event is not known any more: watch again without Last-Event-ID';

/** Answers the feed, which knows how many watch. */
export function watchRoutes(app: FastifyInstance, { directory, run, metrics }: Registry): WatchFeed {
  const feed = new WatchFeed(directory.catalog, run);
  app.addHook('preClose', async () => feed.close());

  app.get(WATCH, (request, reply) => {
    const names = [parse(WatchQuery, request.query, 'query').service].flat();
    const id = request.headers['last-event-id'];
    if (feed.watchers >= MAX_WATCHERS) {
      return reply.code(503).header('retry-after', RETRY_AFTER_S).send({ detail: 'Too many watchers' });
    }
    const since = id === undefined ? undefined : feed.changesOf(String(id));
    if (id !== undefined && since === undefined) return reply.code(410).send({ detail: GONE });
    if (request.method === 'HEAD') return reply.headers(STREAM).send();
    const { raw } = reply;
    reply.hijack();
    holdNothing(request.raw.socket);
    raw.writeHead(200, { 'x-trace-id': request.id, ...STREAM });
    // No hook comes by what was taken out of Fastify's hands.
    metrics.answered({ method: 'GET', route: WATCH, status: 200, seconds: undefined });
    const watcher = feed.subscribe(names, since, {
      write: (text) => raw.write(text),
      end: () => raw.end(),
    });
    raw.on('drain', () => watcher.drained());
    raw.once('close', () => feed.unsubscribe(watcher));
    return reply;
  });
  return feed;
}
