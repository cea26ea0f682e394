// Conditional requests (RFC 9110 §13): a list that did not change is not sent again.
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Sends `rows()` under the weak tag of their revision, or 304 where the caller has them already. The tag stands for who
 * is registered and in which state; times of heartbeats move on under it. `run` tells one run of the registry from
 * another, since what a crash forgot may get the same revision again.
 */
export function sendUnlessKnown(
  request: FastifyRequest,
  reply: FastifyReply,
  { run, revision }: { run: string; revision: number },
  rows: () => unknown,
): FastifyReply {
  const tag = `W/"${run}.${revision}"`;
  reply.header('etag', tag).header('cache-control', 'no-cache');
  return knows(request.headers['if-none-match'], tag) ? reply.code(304).send() : reply.send(rows());
}

/** `If-None-Match` compares weakly (RFC 9110 §13.1.2). */
function knows(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(',').map((one) => one.trim());
  return tags.some((one) => one === '*' || one === tag || `W/${one}` === tag);
}
