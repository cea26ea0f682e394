// registry.certificate: how long TLS will go on working.
import { deploymentCheck, finding, found, notApplicable, pass } from '../check.js';
import { reachable } from './registry.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** ACME clients renew 30 days ahead; under half of that, renewal has most likely failed. */
const ENOUGH_DAYS = 14;

export const certificate = deploymentCheck({
  id: 'registry.certificate',
  title: `The certificate of the registry is good for ${ENOUGH_DAYS} days or more`,
  about:
    'Read from the TLS handshake of registry.reachable, by the clock of this machine. One that has run out already, is for another name or of an unknown authority fails there. Not applicable over plain HTTP and behind a proxy.',
  requires: [reachable],
  codes: ['CERTIFICATE_EXPIRES'],
  async run({ now }, [{ answer }]) {
    const { url, certificateExpiry: expiry } = answer;
    if (!url.startsWith('https:')) return notApplicable('the registry is asked over plain HTTP');
    if (expiry === undefined) return notApplicable('behind a proxy the certificate is not seen');
    const days = Math.floor((expiry - now()) / DAY_MS);
    const until = new Date(expiry).toISOString().slice(0, 10);
    if (days >= ENOUGH_DAYS) return pass(`good until ${until}`);
    const { hostname, port } = new URL(url);
    return found(finding('CERTIFICATE_EXPIRES', { peer: `${hostname}:${port || '443'}`, until, days }));
  },
});
