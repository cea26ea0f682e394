import type { Deployment, DeploymentOptions } from '../deployment.js';

/** One fault, put into a healthy deployment, and exactly which checks turn, with which code. */
export interface Fault extends DeploymentOptions {
  name: string;
  break?(deployment: Deployment): void | Promise<void>;
  /** id → codes, of all that is not green; everything else stays as in the healthy run, or is blocked by one of these. */
  expect: Record<string, string>;
  /** id → why, of what the healthy run carries out, and this one leaves out without being blocked. */
  leaves?: Record<string, string>;
}
