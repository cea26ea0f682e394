// Faults of processes, as an operator meets them: what was killed, stopped, or started with the wrong environment.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { notGreen } from './deployment.js';
import { type Processes, type ProcessOptions, SERVICE, startProcesses } from './processes.js';

interface ProcessFault extends ProcessOptions {
  name: string;
  break?(processes: Processes): unknown;
  args?(processes: Processes): string[];
  /** id → codes, of all that is not green. */
  expect: Record<string, string>;
}

const FAULTS: ProcessFault[] = [
  { name: 'none: registry, service and doctor as they should be', expect: {} },
  {
    name: 'the service was killed',
    break: ({ service }) => kill(service, 'SIGKILL'),
    expect: { 'registration.url-reachable': 'URL_UNREACHABLE', 'heartbeat.cadence': 'BEAT_STOPPED' },
  },
  {
    name: 'the service is stopped: it accepts, and answers nobody',
    break: ({ service }) => service.kill('SIGSTOP'),
    // The row above waits the half minute that shows it.
    args: () => ['--skip', 'heartbeat.cadence'],
    expect: { 'registration.url-reachable': 'URL_UNREACHABLE' },
  },
  {
    name: 'the service ended as it should, and took its registration with it',
    break: ({ service }) => kill(service, 'SIGTERM'),
    expect: { 'registration.present': 'NOT_REGISTERED' },
  },
  {
    name: 'the registry was killed',
    break: ({ registry }) => kill(registry.child, 'SIGKILL'),
    expect: { 'registry.reachable': 'REGISTRY_REFUSED' },
  },
  {
    name: 'the registry is stopped: it accepts, and answers nobody',
    break: ({ registry }) => registry.child.kill('SIGSTOP'),
    args: () => ['--timeout', '1s'],
    expect: { 'registry.reachable': 'REGISTRY_SILENT' },
  },
  {
    name: 'the service was started with the URL of no registry',
    service: { CONFIG_SERVICE_URL: 'http://127.0.0.1:9', REGISTRY_URL: 'http://127.0.0.1:9' },
    args: ({ logFile }) => ['--logs', logFile],
    expect: {
      'registration.present': 'NOT_REGISTERED',
      'registration.startup-log': 'LOG_SAYS_FAILED',
    },
  },
  {
    name: 'the service was started under a host name that nobody knows',
    service: { SERVICE_PUBLIC_URL: 'http://asr-service.invalid:8090' },
    expect: {
      'registration.url-matches-env': 'URL_NOT_FROM_ENV',
      'registration.url-reachable': 'URL_UNREACHABLE',
    },
  },
];

function kill(child: Processes['service'], signal: NodeJS.Signals): Promise<unknown> {
  const gone = once(child, 'exit');
  child.kill(signal);
  return gone;
}

describe.concurrent('with processes alone', () => {
  it.each(FAULTS)('$name', async ({ break: damage, args, expect: turning, ...options }) => {
    const processes = await startProcesses(options);
    try {
      await damage?.(processes);
      const report = await processes.doctor(args?.(processes));
      expect(notGreen(report)).toEqual(turning);
      expect(report.services).toEqual([SERVICE]);
      const others = report.results.filter(
        ({ skip }) => skip?.kind === 'blocked' && turning[skip.by] === undefined,
      );
      expect(others).toEqual([]);
    } finally {
      await processes.close();
    }
  });
});
