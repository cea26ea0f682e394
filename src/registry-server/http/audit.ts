// Who changed what, and why: the audit trail over HTTP.
import type { FastifyInstance } from 'fastify';
import { AuditQuery } from '../../wire/audit.js';
import { PREFIX } from '../../wire/config-service.js';
import { StoreUnavailable } from '../writer.js';
import type { Registry } from './registry.js';
import { parse } from './validate.js';

export function auditRoutes(app: FastifyInstance, { audit }: Registry): void {
  app.get(`${PREFIX}/audit`, async ({ query, log }) => {
    const asked = parse(AuditQuery, query, 'query');
    try {
      return await audit(asked);
    } catch (error) {
      log.warn({ err: error }, 'the audit trail cannot be read');
      throw new StoreUnavailable('The audit trail cannot be read now: the database does not answer');
    }
  });
}
