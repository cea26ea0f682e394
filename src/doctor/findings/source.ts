import type { Location } from '../result.js';
import { entry, sh } from './entry.js';

const at = (p: Location) => `${p.path}:${p.line}`;
const location = ({ path, line, column }: Location): Location => ({ path, line, column });
const show = (p: Location) => `sed -n ${p.line}p ${sh(p.path)}`;

export const SOURCE = {
  SOURCE_MISSING: entry<{ path: string; cause: string }>('unknown', {
    seen: (p) => `the code in ${p.path} cannot be examined: ${p.cause}`,
    remedy: () => 'Give the folder of the service with --source, from where regctl runs.',
    reproduce: (p) => `ls -la ${sh(p.path)}`,
  }),
  SOURCE_EMPTY: entry<{ path: string; languages: string; leftOut: string }>('unknown', {
    seen: (p) => `${p.path} has no code in ${p.languages} to examine${p.leftOut}`,
    remedy: () =>
      "Give the folder of the service with --source; for a service in another language leave these checks out with --skip 'source.*'.",
    reproduce: (p) => `find ${sh(p.path)} -type f`,
  }),
  SOURCE_UNREADABLE: entry<{ path: string; cause: string }>('unknown', {
    seen: (p) => `${p.path} was not examined: ${p.cause}`,
    remedy: () =>
      'Make it a readable text file of less than 1 MiB; or give with --source the folder that holds the code of the service alone.',
    reproduce: (p) => `ls -la ${sh(p.path)}`,
    location: (p) => ({ path: p.path, line: 1, column: 1 }),
  }),
  SOURCE_UNPARSED: entry<Location & { language: string }>('unknown', {
    seen: (p) => `${at(p)} is not understood as ${p.language}: what follows there may have been missed`,
    remedy: () =>
      'Mend the syntax. If the compiler takes it, the construct is newer than the grammar: the rest of the file was examined, this place was perhaps not.',
    reproduce: show,
    location,
  }),
  SOURCE_TOO_LARGE: entry<{ path: string; files: number }>('unknown', {
    seen: (p) => `${p.path} holds more than ${p.files} files of code, so none was examined`,
    remedy: () => 'Give the folder of one service with --source.',
  }),
  ADDRESS_HARDCODED: entry<Location & { address: string; shownAs: string }>('fail', {
    seen: (p) => `${at(p)} has the address ${p.address} written down: ${p.shownAs}`,
    remedy: () =>
      'Ask the registry for the address by the name of the service, each time or with a short cache; the address of the registry itself comes from the environment.',
    reproduce: show,
    location,
  }),
  ADDRESS_AS_DEFAULT: entry<Location & { address: string; shownAs: string }>('warn', {
    seen: (p) => `${at(p)} falls back to the address ${p.address}: ${p.shownAs}`,
    remedy: () =>
      'Where the variable is not set, the service calls whoever has this address then: use the name of a service, or refuse to start.',
    reproduce: show,
    location,
  }),
  HOST_HARDCODED: entry<Location & { address: string; shownAs: string }>('warn', {
    seen: (p) => `${at(p)} has the host ${p.address} written down: ${p.shownAs}`,
    remedy: () =>
      'If it is a service of the registry, discover it; if it is something else (a database, a collector), read its URL from the environment.',
    reproduce: show,
    location,
  }),
  SECRET_HARDCODED: entry<Location & { name: string }>('fail', {
    seen: (p) => `${at(p)} has a secret written down: ${p.name}`,
    remedy: () =>
      'Read it from the environment (JWT_SECRET), and have the Coordinator hand out a new one: this one is known to all who can read the repository, now and in its history.',
    location,
  }),
  SECRET_AS_DEFAULT: entry<Location & { name: string }>('warn', {
    seen: (p) => `${at(p)} has a secret for the case that none is set: ${p.name}`,
    remedy: () =>
      'Refuse to start without the variable: with the default, everybody who can read the code can sign tokens that the service takes.',
    location,
  }),
  MESSAGE_WITHOUT_TRACE: entry<Location>('fail', {
    seen: (p) => `${at(p)} sends a message without trace_id`,
    remedy: () =>
      'Add "trace_id": the one of the message that is being answered, a new UUID where a request begins.',
    reproduce: show,
    location,
  }),
  HEARTBEAT_MISSING: entry<Location>('fail', {
    seen: (p) => `the code uses the Coordinator (REGISTRY_URL, ${at(p)}) and sends no heartbeat`,
    remedy: () =>
      'Start a loop at start-up: POST {REGISTRY_URL}/heartbeat with {"service_id": SERVICE_ID} every 30 s.',
    location,
  }),
  HEARTBEAT_SLOW: entry<Location & { seconds: number }>('fail', {
    seen: (p) => `${at(p)} sends a heartbeat every ${p.seconds} s rather than every 30 s`,
    remedy: () =>
      'Send it every 30 s: after 90 s without one the Coordinator routes no traffic to the service.',
    reproduce: show,
    location,
  }),
  HEARTBEAT_FAST: entry<Location & { seconds: number }>('warn', {
    seen: (p) => `${at(p)} sends a heartbeat every ${p.seconds} s rather than every 30 s`,
    remedy: () => 'Send it every 30 s: more often is load on the registry and changes nothing.',
    reproduce: show,
    location,
  }),
  DEREGISTRATION_MISSING: entry<Location>('fail', {
    seen: (p) => `the code registers (${at(p)}) and never deregisters`,
    remedy: () =>
      'Deregister at shutdown, in the part of `lifespan` after `yield` or upon SIGTERM: else the registry hands out an instance that is gone.',
    location,
  }),
  TOKEN_NOT_VERIFIED: entry<Location>('fail', {
    seen: (p) => `${at(p)} answers POST /message, and nothing in the code checks a token`,
    remedy: () =>
      'Check it before anything else: "Bearer " and a token, HS256 over JWT_SECRET, not expired; else 401.',
    location,
  }),
  TOKEN_CHECK_OFF: entry<Location>('fail', {
    seen: (p) => `${at(p)} reads a token without checking its signature`,
    remedy: () =>
      'Check the signature, with the algorithm named: anyone can write a token that is not signed.',
    reproduce: show,
    location,
  }),
  TOKEN_ALGORITHM_OPEN: entry<Location>('warn', {
    seen: (p) => `${at(p)} checks a token without naming the algorithm`,
    remedy: () =>
      'Add algorithms=["HS256"]: else PyJWT refuses every token, and others let the token choose.',
    reproduce: show,
    location,
  }),
  TOKEN_SCHEME_IGNORED: entry<Location>('warn', {
    seen: (p) => `${at(p)} takes "Bearer " away where it is there, and takes a header without it as well`,
    remedy: () => 'Answer 401 where the header does not begin with "Bearer " (RFC 6750 §2.1).',
    reproduce: show,
    location,
  }),
  ALLOW_WITHOUT_REASON: entry<Location & { id: string }>('warn', {
    seen: (p) => `${at(p)} allows ${p.id} without a reason, so it allows nothing`,
    remedy: (p) => `Say why: regctl: allow ${p.id} because REASON`,
    reproduce: show,
    location,
  }),
  ALLOW_UNUSED: entry<Location & { id: string }>('warn', {
    seen: (p) => `${at(p)} allows ${p.id}, which finds nothing there`,
    remedy: () =>
      'Take the comment away; or correct the id, and put it on the line of the finding or on the line above.',
    reproduce: show,
    location,
  }),
} as const;
