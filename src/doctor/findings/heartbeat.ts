import { entry, sh } from './entry.js';

type Of = { service: string; instance: string };
const describe = (p: Of) => `regctl describe ${sh(p.service)}`;

export const HEARTBEAT = {
  BEAT_LATE: entry<Of & { ageS: number; limitS: number }>('fail', {
    seen: (p) =>
      `the last heartbeat of ${p.instance} is ${p.ageS} s old; after ${p.limitS} s it counts as down`,
    remedy: () =>
      'Its heartbeat loop has ended or never reaches the registry: look for "Heartbeat failed" in its log; it must run every 30 s as long as the service runs.',
    reproduce: describe,
  }),
  BEAT_UNREADABLE: entry<Of & { said: string }>('unknown', {
    seen: (p) => `when ${p.instance} sent its last heartbeat is not known: the registry says ${p.said}`,
    remedy: () =>
      'A time to come shows no heartbeat: compare the clocks of the registry (all of its replicas, its database) and look at the answer itself.',
    reproduce: describe,
  }),
  BEAT_NEVER: entry<Of>('fail', {
    seen: (p) => `${p.instance} has never sent a heartbeat`,
    remedy: () =>
      'Start the heartbeat loop at start-up: POST {REGISTRY_URL}/heartbeat with the SERVICE_ID every 30 s.',
    reproduce: describe,
  }),
  BEAT_STOPPED: entry<Of & { ageS: number; intervalS: number }>('fail', {
    seen: (p) =>
      `${p.instance} has sent no heartbeat for ${p.ageS} s, while one is due every ${p.intervalS} s`,
    remedy: () =>
      'One that was lost comes again by itself: look again with --wait 1m. Else its loop has ended or is held up (a blocked event loop, a longer interval), or the registry refuses its beats: look for "Heartbeat failed" in its log.',
    reproduce: (p) => `watch -n 5 ${describe(p)}`,
  }),
};
