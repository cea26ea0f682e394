// What the doctor sends, watched on the other side.
import { describe, expect, it } from 'vitest';
import { deploy, runDoctor, SECRET } from './deployment.js';

describe('without --active', () => {
  it('sends nothing that changes anything: reads, and messages that must be refused', async () => {
    const deployment = await deploy({});
    const before = deployment.registry.contents();
    const report = await runDoctor(deployment);
    await deployment.close();
    expect(report.verdict).toBe('pass');
    expect(new Set(deployment.registry.requests.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(deployment.registry.contents()).toEqual(before);
    const posts = deployment.service.requests.filter(({ method }) => method !== 'GET');
    expect(posts.map(({ method, path }) => `${method} ${path}`)).toEqual(Array(6).fill('POST /message'));
    expect(deployment.service.received).toEqual([]);
  });

  it('never sends or reports the secret', async () => {
    const deployment = await deploy({});
    const report = await runDoctor(deployment);
    await deployment.close();
    const sent = JSON.stringify([deployment.registry.requests, deployment.service.requests]);
    expect(sent).not.toContain(SECRET);
    expect(JSON.stringify(report)).not.toContain(SECRET);
  });

  it('shows and sends no credentials that stand in a registered URL', async () => {
    const deployment = await deploy({});
    const { service } = deployment;
    deployment.register({
      service_url: service.url.replace('//', '//svc:hunter2@'),
      health_check_url: `${service.url.replace('//', '//svc:hunter2@')}/health`,
    });
    const report = await runDoctor(deployment);
    await deployment.close();
    expect(JSON.stringify(report)).not.toContain('hunter2');
    const authorizations = service.requests.filter(({ headers }) =>
      /^Basic/.test(headers.authorization ?? ''),
    );
    expect(authorizations).toEqual([]);
  });
});
