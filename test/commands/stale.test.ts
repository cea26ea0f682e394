// Answers that say of themselves that they may be out of date.
import { expect, onTestFinished, test } from 'vitest';
import { json, send, startInstrument } from '../support/instrument.js';
import { runCli } from '../support/run-cli.js';

test('an answer that may be out of date is shown with a warning, said once', async () => {
  const rows = [
    {
      service_name: 'asr-service',
      instance_id: 'asr-1',
      service_url: 'http://asr:8000',
      status: 'healthy',
      service_metadata: {},
    },
  ];
  const headers = { age: '12', warning: '110 - "Response is Stale"' };
  const registry = await startInstrument((_request, response) => send(response, json(200, rows, headers)));
  onTestFinished(() => registry.close());
  const { code, stdout, stderr } = await runCli([
    ...['list', '--instances', '--registry', registry.url],
    ...['--api', 'config-service'],
  ]);
  expect(code).toBe(0);
  expect(stdout).toContain('asr-service');
  expect(stderr).toBe(
    `Warning: ${registry.url} answers from memory, 12 s out of date: it has lost touch with its engines or the other replicas. See its /health.\n`,
  );
});
