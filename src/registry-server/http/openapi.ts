// GET /openapi.json: which calls there are, as scripts/openapi.ts wrote it down from the schemas that check them.
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';

/** Beside src/ and dist/ alike. */
const DOCUMENT = new URL('../../../docs/openapi.json', import.meta.url);

/** Read when it is asked for, once. */
export function openapiRoutes(app: FastifyInstance): void {
  let document: Promise<string> | undefined;
  app.get('/openapi.json', async (_request, reply) => {
    document ??= readFile(DOCUMENT, 'utf8');
    return reply.type('application/json').send(await document);
  });
}
