// Faults that turn health.*.
import { SERVICE } from '../deployment.js';
import type { Fault } from './fault.js';

export const HEALTH: readonly Fault[] = [
  {
    name: 'the health endpoint answers 500',
    behaviour: 'health-500',
    expect: { 'health.endpoint': 'HEALTH_FAILING', 'health.agrees': 'SAID_HEALTHY_IS_NOT' },
  },
  {
    name: 'there is no health endpoint',
    behaviour: 'health-404',
    expect: { 'health.endpoint': 'HEALTH_MISSING', 'health.agrees': 'SAID_HEALTHY_IS_NOT' },
  },
  {
    name: 'the health endpoint is slower than a probe waits',
    behaviour: 'health-slow',
    expect: { 'health.endpoint': 'HEALTH_NO_ANSWER', 'health.agrees': 'SAID_HEALTHY_IS_NOT' },
  },
  {
    name: 'some instance was deregistered, and the whole row says unknown',
    async break({ registry }) {
      const url = `${registry.url}/api/v1/registry/deregister?service_name=${SERVICE}&instance_id=asr-9`;
      await fetch(url, { method: 'POST' });
    },
    expect: { 'health.agrees': 'CATALOG_STATUS_WRONG' },
  },
];
