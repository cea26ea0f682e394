// Who changed what, and why: the audit trail over HTTP.
import type { FastifyInstance } from 'fastify';
import { AuditQuery } from '../../wire/audit.js';
import { PREFIX } from '../../wire/config-service.js';
import type { Registry } from './registry.js';
import { parse } from './validate.js';

export function auditRoutes(app: FastifyInstance, { audit }: Registry): void {
  app.get(`${PREFIX}/audit`, async ({ query }) => audit(parse(AuditQuery, query, 'query')));
}
