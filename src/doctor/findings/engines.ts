import { entry, sh } from './entry.js';

/** `ask` is the command that asks it by hand, `container` its name in the guide's compose file. */
type Asked = { engine: string; at: string; seen: string; ask: string; container: string };
const again = (p: { ask: string }) => p.ask;

/** What asking an engine behind the registry directly can find. */
export const ENGINES = {
  ENGINE_DNS: entry<Asked & { host: string }>('fail', {
    seen: (p) => `the name of ${p.engine} at ${p.at} does not resolve: ${p.seen}`,
    remedy: () =>
      'Check the host name. Docker service names resolve only inside the Docker network: run this there, or publish the port and use localhost.',
    reproduce: (p) => `getent hosts ${sh(p.host)}`,
  }),
  ENGINE_REFUSED: entry<Asked>('fail', {
    seen: (p) => `nothing accepts connections for ${p.engine} at ${p.at}: ${p.seen}`,
    remedy: (p) =>
      `Start it: \`docker compose up -d ${p.container}\`; if it ends again, \`docker compose logs ${p.container}\` says why. If it runs, check the port, and that it is published.`,
    reproduce: again,
  }),
  ENGINE_TIMEOUT: entry<Asked>('fail', {
    seen: (p) => `${p.engine} at ${p.at}: ${p.seen}`,
    remedy: () =>
      'Without a connection: look at firewall, routing and the Docker network. With one: it hangs (disk full, paused, out of memory), or something else has that port.',
    reproduce: again,
  }),
  ENGINE_TLS: entry<Asked>('fail', {
    seen: (p) => `no TLS connection to ${p.engine} at ${p.at}: ${p.seen}`,
    remedy: () =>
      'Ask with TLS where it has it (rediss://, sslmode=require) and without where not; for a private authority set NODE_EXTRA_CA_CERTS to its file.',
    reproduce: again,
  }),
  ENGINE_BROKE: entry<Asked>('fail', {
    seen: (p) => `the connection to ${p.engine} at ${p.at} broke: ${p.seen}`,
    remedy: (p) =>
      `Check the port: one that wants TLS hangs up like this (rediss://, sslmode=require), and so does another program. Then \`docker compose logs ${p.container}\`.`,
    reproduce: again,
  }),
  ENGINE_AUTH: entry<Asked & { variable: string }>('fail', {
    seen: (p) => `${p.engine} at ${p.at} does not let us in: ${p.seen}`,
    remedy: (p) =>
      `Set ${p.variable} and the user of the URL to what the registry uses; if those are the same, the registry is not let in either.`,
    reproduce: again,
  }),
  ENGINE_OTHER_PROTOCOL: entry<Asked>('fail', {
    seen: (p) => `what listens at ${p.at} is not ${p.engine}: ${p.seen}`,
    remedy: () => 'Check host and port: another program has that port, or a proxy stands before it.',
    reproduce: again,
  }),
  ENGINE_NOT_SERVING: entry<Asked>('fail', {
    seen: (p) => `${p.engine} at ${p.at} answers, and does not serve: ${p.seen}`,
    remedy: (p) =>
      `It is still starting, has no quorum, is full, or lacks what the URL names; \`docker compose logs ${p.container}\` says more.`,
    reproduce: again,
  }),
  ENGINE_READ_ONLY: entry<Asked>('fail', {
    seen: (p) => `${p.engine} at ${p.at} can only be read: ${p.seen}`,
    remedy: () =>
      'Registrations need to be written: point the registry at the primary, or bring the primary (the majority of the ensemble) back.',
    reproduce: again,
  }),
  ENGINE_NOT_TELLING: entry<Asked>('unknown', {
    seen: (p) => `${p.engine} at ${p.at} runs, and does not tell how it is: ${p.seen}`,
    remedy: () => 'Allow the question: 4lw.commands.whitelist=srvr in zoo.cfg (srvr is in its default).',
    reproduce: again,
  }),
};
