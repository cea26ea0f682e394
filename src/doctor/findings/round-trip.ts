import { CANARY_SERVICE } from '../canary.js';
import { entry, sh } from './entry.js';

type Why = { why: string };
type At = { url: string };

const again = () => 'regctl doctor --active --only registry.round-trip --debug';

/** What the trip of the canary through the registry can find, stage by stage. */
export const ROUND_TRIP = {
  CANARY_LEFT: entry<{ instance: string; started: string }>('warn', {
    seen: (p) =>
      `a doctor that was killed left its canary behind: ${CANARY_SERVICE}/${p.instance}, registered ${p.started}`,
    remedy: (p) =>
      `\`regctl doctor --active\` takes it away before it registers its own; so does \`regctl deregister ${CANARY_SERVICE} ${sh(p.instance)}\`.`,
    reproduce: () => `regctl describe ${CANARY_SERVICE}`,
  }),
  CANARY_NOT_REGISTERED: entry<Why>('fail', {
    seen: (p) => `the registry did not take a registration: ${p.why}`,
    remedy: () =>
      'No service can register either. 401 or 403: check that JWT_SECRET is what the registry expects; a Coordinator that takes only ids it handed out has to know the canary, or leave this out with --skip registry.round-trip. Else look at the log of the registry.',
    reproduce: again,
  }),
  CANARY_NOT_READABLE: entry<Why>('fail', {
    seen: (p) => `the registry took a registration and does not list it: ${p.why}`,
    remedy: () =>
      'It acknowledges what it does not keep: check ZooKeeper behind it, its cache, and whether several registries with stores of their own stand behind one address.',
    reproduce: again,
  }),
  CANARY_NOT_HEALTHY: entry<Why>('fail', {
    seen: (p) => `the registry asked a healthy service and does not call it healthy: ${p.why}`,
    remedy: () => 'Look at the log of the registry: its health checks are broken, or their results are lost.',
    reproduce: again,
  }),
  CANARY_OUT_OF_REACH: entry<At & Why>('unknown', {
    seen: (p) => `the registry never reached the canary at ${p.url}: ${p.why}`,
    remedy: () =>
      'A container does not reach the machine it runs on by this address, nor anything behind a firewall: run the doctor where the services run, such as in a container of the same network.',
    reproduce: again,
  }),
  CANARY_NOT_DISCOVERABLE: entry<At & Why>('fail', {
    seen: (p) => `the registry lists a healthy service at ${p.url} and does not hand it out: ${p.why}`,
    remedy: () => 'No service that starts now is found by others: check the cache of the registry (Redis).',
    reproduce: again,
  }),
  CANARY_MESSAGE_LOST: entry<At & Why>('fail', {
    seen: (p) => `a message to the URL that the registry hands out, ${p.url}, did not arrive: ${p.why}`,
    remedy: () =>
      'Something stands between (a proxy, a firewall) that services will meet, too: set NO_PROXY for addresses inside.',
    reproduce: again,
  }),
  CANARY_STILL_THERE: entry<{ instance: string; why: string }>('fail', {
    seen: (p) => `${CANARY_SERVICE}/${p.instance} was not seen to go: ${p.why}`,
    remedy: (p) =>
      `If it is listed still, so are services that end, and callers are sent to them. Take it away with \`regctl deregister ${CANARY_SERVICE} ${sh(p.instance)}\`, or let the next \`regctl doctor --active\` do it.`,
    reproduce: () => `regctl describe ${CANARY_SERVICE}`,
  }),
};
