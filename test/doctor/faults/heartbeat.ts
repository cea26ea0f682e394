// Faults that turn heartbeat.*.
import { registerAtServe } from '../moves.js';
import type { Fault } from './fault.js';

export const HEARTBEAT: readonly Fault[] = [
  {
    name: 'the last heartbeat is two minutes old',
    break: (deployment) => registerAtServe(deployment, { beatS: { 'asr-1': 120 } }),
    expect: { 'heartbeat.recent': 'BEAT_LATE' },
  },
  {
    name: 'the last heartbeat is two minutes old, by the API of the Config Service',
    break: (deployment) => registerAtServe(deployment, { api: 'config-service', beatS: { 'asr-1': 120 } }),
    expect: { 'heartbeat.recent': 'BEAT_LATE' },
  },
  {
    name: 'the service has never sent a heartbeat',
    break: (deployment) => registerAtServe(deployment, { beatS: { 'asr-1': undefined } }),
    expect: { 'heartbeat.recent': 'BEAT_NEVER' },
  },
  {
    name: 'the last heartbeat is of a time to come',
    break: (deployment) => registerAtServe(deployment, { beatS: { 'asr-1': -600 } }),
    expect: { 'heartbeat.recent': 'BEAT_UNREADABLE' },
  },
  {
    name: 'the heartbeat loop ended a minute ago',
    break: (deployment) => registerAtServe(deployment, { beatS: { 'asr-1': 60 } }),
    expect: { 'heartbeat.cadence': 'BEAT_STOPPED' },
  },
];
