// The fault matrix: a row is an object in one of these files.
import { ENV } from './env.js';
import type { Fault } from './fault.js';
import { HEALTH } from './health.js';
import { MESSAGE } from './message.js';
import { REGISTRATION } from './registration.js';
import { REGISTRY } from './registry.js';

export const FAULTS: readonly Fault[] = [...ENV, ...REGISTRY, ...REGISTRATION, ...HEALTH, ...MESSAGE];
