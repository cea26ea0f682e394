import { entry, sh } from './entry.js';

type At = { instance: string; url: string };
const curl = (p: { url: string }) => `curl -sS -i ${sh(p.url)}`;

export const HEALTH = {
  HEALTH_MISSING: entry<At & { status: number }>('fail', {
    seen: (p) => `${p.instance} has no health endpoint at ${p.url}: ${p.status}`,
    remedy: () =>
      'Implement GET /health (200 while the service works), or correct the health_check_url it registers.',
    reproduce: curl,
  }),
  HEALTH_FAILING: entry<At & { status: number; said: string }>('fail', {
    seen: (p) => `${p.instance} says at ${p.url} that it is not well: ${p.status}, ${p.said}`,
    remedy: () => 'Look at the log of the service and at what it depends on.',
    reproduce: curl,
  }),
  HEALTH_NO_ANSWER: entry<At & { seen: string }>('fail', {
    seen: (p) => `${p.instance}: ${p.seen}`,
    remedy: () =>
      'The registry gives a health check 3 s: answer from memory, without asking databases; and check host and port of the health_check_url.',
    reproduce: (p) => `curl -sS -i --max-time 3 ${sh(p.url)}`,
  }),
  SAID_HEALTHY_IS_NOT: entry<{ service: string; instance: string }>('fail', {
    seen: (p) =>
      `the registry says ${p.instance} is healthy and hands it out; its health endpoint says otherwise`,
    remedy: () =>
      'This registry takes the word of the registration and does not correct it: mend the instance, or take it out with `regctl deregister` until it is.',
    reproduce: (p) => `regctl describe ${sh(p.service)}`,
  }),
  SAID_UNHEALTHY_IS_WELL: entry<{ service: string; instance: string; status: string }>('fail', {
    seen: (p) => `the registry says ${p.instance} is ${p.status}; its health endpoint says it is well`,
    remedy: () =>
      'From the registry the health URL may not be reachable (other network, firewall, name), or the instance registered with that status: register it again as healthy.',
    reproduce: (p) => `regctl describe ${sh(p.service)}`,
  }),
  CATALOG_STATUS_WRONG: entry<{ service: string; row: string }>('warn', {
    seen: (p) => `the catalog says ${p.service} is ${p.row}, while an instance of it is healthy`,
    remedy: () =>
      'Deregistering any one instance sets the whole row so; it is corrected when the service registers again. Discovery is not affected, dashboards are.',
    reproduce: (p) => `regctl describe ${sh(p.service)}`,
  }),
};
