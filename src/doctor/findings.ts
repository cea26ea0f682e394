// The one catalogue of what the doctor can find: code → level, what was seen, remedy, a command that shows it again.
import { ACTIVE } from './findings/active.js';
import { DOCTOR } from './findings/doctor.js';
import { ENGINE } from './findings/engine.js';
import { ENGINES } from './findings/engines.js';
import type { Entry } from './findings/entry.js';
import { ENV } from './findings/env.js';
import { HEALTH } from './findings/health.js';
import { HEARTBEAT } from './findings/heartbeat.js';
import { INSIDE } from './findings/inside.js';
import { MESSAGE } from './findings/message.js';
import { MESSAGE_ACTIVE } from './findings/message-active.js';
import { REGISTRATION } from './findings/registration.js';
import { REGISTRY } from './findings/registry.js';
import { ROUND_TRIP } from './findings/round-trip.js';
import { SOURCE } from './findings/source.js';
import type { Finding } from './result.js';

export const FINDINGS = {
  ...DOCTOR,
  ...ENGINE,
  ...ENV,
  ...REGISTRY,
  ...ENGINES,
  ...INSIDE,
  ...REGISTRATION,
  ...HEALTH,
  ...HEARTBEAT,
  ...MESSAGE,
  ...MESSAGE_ACTIVE,
  ...ROUND_TRIP,
  ...ACTIVE,
  ...SOURCE,
} as const;

export type Code = keyof typeof FINDINGS;
export type Params<C extends Code> = Parameters<(typeof FINDINGS)[C]['seen']>[0];

/** Makes the finding `code` of the catalogue. */
export function finding<C extends Code>(code: C, params: Params<C>): Finding {
  const found = FINDINGS[code] as unknown as Entry<Params<C>>;
  return {
    level: found.level,
    code,
    seen: found.seen(params),
    remedy: found.remedy(params),
    reproduce: found.reproduce?.(params) ?? null,
    location: found.location?.(params) ?? null,
  };
}
