// The fault matrix: a row is an object in one of these files.

import { ACTIVE_FAULTS } from './active.js';
import { AUTH } from './auth.js';
import { DOCTOR } from './doctor.js';
import { ENGINES } from './engines.js';
import { ENV } from './env.js';
import type { Fault } from './fault.js';
import { HEALTH } from './health.js';
import { HEARTBEAT } from './heartbeat.js';
import { INSIDE } from './inside.js';
import { MESSAGE } from './message.js';
import { REGISTRATION } from './registration.js';
import { REGISTRY } from './registry.js';
import { SOURCE } from './source.js';

export const FAULTS: readonly Fault[] = [
  ...DOCTOR,

  ...ENV,
  ...REGISTRY,
  ...AUTH,
  ...ENGINES,
  ...REGISTRATION,
  ...HEALTH,
  ...HEARTBEAT,
  ...INSIDE,
  ...SOURCE,
  ...MESSAGE,
  ...ACTIVE_FAULTS,
];
