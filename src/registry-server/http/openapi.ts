// GET /openapi.json: which calls there are, as scripts/openapi.ts wrote it down from the schemas that check them.
import type { FastifyInstance } from 'fastify';

/** Read when it is asked for, once. */
export function openapiRoutes(app: FastifyInstance): void {
  let document: Promise<string> | undefined;
  app.get('/openapi.json', async (_request, reply) => {
    document ??= read();
    return reply.type('application/json').send(await document);
  });
}

async function read(): Promise<string> {
  const { default: document } = await import('../../../docs/openapi.json', { with: { type: 'json' } });
  return JSON.stringify(document);
}
