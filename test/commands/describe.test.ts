// regctl describe: all that a registry says of a service, and where it contradicts itself.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Replica } from '../support/config-service-replica.js';
import { startCoordinatorReplica } from '../support/coordinator-replica.js';
import { runCli } from '../support/run-cli.js';
import { errorOf, inEveryFormat, openReplica, SECRET, TARGETS, type Target } from '../support/targets.js';

describe.each(TARGETS)('describe: $kind', ({ open, deployed }) => {
  let target: Target;
  beforeAll(async () => {
    target = await open();
    await target.register(
      'asr-service',
      { id: 'asr-1', url: 'http://asr:1', status: 'starting' },
      { id: 'asr-2', url: 'http://asr:2', metadata: { version: '1.4' } },
    );
  });
  afterAll(() => target.close());

  it('shows the catalog row, every instance, and what is handed out', async () => {
    const [text, one, unknown, unknownInstance, noName] = await Promise.all([
      target.run(['describe', 'asr-service']),
      target.run(['describe', 'asr-service', 'asr-2', '--json']),
      target.run(['describe', 'nobody']),
      target.run(['describe', 'asr-service', 'asr-9', '--json']),
      target.run(['describe', '--no-input']),
    ]);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/^Service +asr-service$/m);
    expect(text.stdout).toContain(`${target.url} (${target.api})`);
    expect(text.stdout).toMatch(/^Catalog +healthy +http:\/\/asr:2 +registered \d+s ago$/m);
    expect(text.stdout).toMatch(/^asr-1 +starting +http:\/\/asr:1 /m);
    expect(text.stdout).toMatch(/^asr-2 +healthy +http:\/\/asr:2 /m);
    expect(text.stdout).toMatch(/^Handed out now +http:\/\/asr:2$/m);
    expect(text.stdout).toMatch(/^asr-2 .* version=1\.4$/m);
    // One row for two instances is the deployed catalog's way; ours counts them.
    expect(text.stdout.includes('What does not fit together')).toBe(deployed);

    const described = JSON.parse(one.stdout);
    expect(described.instances).toMatchObject([
      { instance_id: 'asr-2', status: 'healthy', service_metadata: { version: '1.4' } },
    ]);
    expect(described).toMatchObject({ handed_out: 'http://asr:2', unreadable: null, api: target.api });

    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain(`No service named nobody is registered at ${target.url}`);
    expect(unknownInstance.code).toBe(1);
    expect(errorOf(unknownInstance).code).toBe('INSTANCE_NOT_FOUND');
    expect(noName).toMatchObject({ code: 2, stdout: '' });
    expect(noName.stderr).toContain('No service is named.');
  });
});

describe('describe in every format', () => {
  it('says the same', async () => {
    const { target, replica } = await openReplica();
    await target.register('asr-service', { id: 'asr-1', url: 'http://asr:1', metadata: { version: '1.4' } });
    const found = await inEveryFormat(target.run, ['describe', 'asr-service']);
    const document = JSON.parse(found.json.stdout);
    expect(document).toMatchObject({ service_name: 'asr-service', contradictions: [] });
    expect(found.json.stdout).toBe(`${JSON.stringify(document)}\n`);
    expect(found.ndjson.stdout).toBe(found.json.stdout);
    expect(parse(found.yaml.stdout)).toEqual(document);
    expect(found.name.stdout).toBe('asr-1\n');
    // Metadata is shown for a single instance.
    expect(found.table.stdout).toMatch(/^Metadata of asr-1\nversion +1\.4$/m);
    expect(found.wide.stdout).toMatch(/^Metadata of asr-1\nversion +1\.4$/m);
    await replica.close();
  });
});

describe('describe: what does not fit together', () => {
  let target: Target;
  let replica: Replica;
  beforeAll(async () => {
    ({ target, replica } = await openReplica({ probeBackoffMs: 10 }));
  });
  afterAll(() => replica.close());

  /** It answers, so it exits 0; what is wrong is in the answer. */
  async function described(service: string, ...flags: string[]): Promise<string> {
    const { code, stdout } = await target.run(['describe', service, '--retries', '0', ...flags]);
    expect(code).toBe(0);
    return stdout;
  }
  const codesOf = async (service: string) => JSON.parse(await described(service, '--json')).contradictions;
  const both = async (service: string) => {
    const [text, found] = await Promise.all([described(service), codesOf(service)]);
    const [shown = '', words = ''] = text.split('What does not fit together\n');
    return { shown, words, found };
  };

  it('1: registered, yet not discoverable', async () => {
    replica.registerRaw({
      service_name: 'silent',
      service_url: 'http://silent:1',
      service_metadata: { instance_id: 's-1' },
    });
    const { words, found } = await both('silent');
    expect(words).toMatch(/^! Registered, yet not discoverable: 1 unknown, .*the catalog says healthy/);
    expect(words).toContain('status=healthy');
    expect(found).toEqual([
      { code: 'registered-not-discoverable', statuses: { unknown: 1 }, catalog_status: 'healthy' },
    ]);
  });

  it('2: one catalog row for several instances, and any deregistration loses its status', async () => {
    await target.register('many', { id: 'm-1', url: 'http://m:1' }, { id: 'm-2', url: 'http://m:2' });
    expect(await codesOf('many')).toEqual([{ code: 'catalog-collapsed', total: 2, shown_url: 'http://m:2' }]);
    const never = new URLSearchParams({ service_name: 'many', instance_id: 'never-existed' });
    await fetch(`${target.url}/api/v1/registry/deregister?${never}`, { method: 'POST' });
    const { words, found } = await both('many');
    expect(found).toContainEqual({ code: 'catalog-lost-status', healthy: 2 });
    expect(words).toContain('! The catalog says unknown although 2 instances are healthy');
  });

  it('2: a catalog row that shows an address no live instance has', async () => {
    await target.register('moved', { id: 'v-1', url: 'http://v:1' }, { id: 'v-2', url: 'http://v:2' });
    replica.loseNode('moved', 'v-2');
    const { words, found } = await both('moved');
    expect(found).toEqual([{ code: 'catalog-url-stale', shown_url: 'http://v:2' }]);
    expect(words).toContain('! The catalog shows http://v:2, which no live instance has');
  });

  it('3: a dead instance that is still handed out', async () => {
    await target.register('dead', { id: 'd-1', url: 'http://127.0.0.1:9' });
    await fetch(`${target.url}/api/v1/registry/services/dead/health`, { method: 'POST' });
    const { words, found } = await both('dead');
    expect(found).toEqual([{ code: 'dead-but-handed-out', catalog_status: 'unhealthy', healthy: 1 }]);
    expect(words).toContain("! The registry's own probe says unhealthy, yet 1 instance still reads healthy");
  });

  it('4: ghosts after a restart of the Config Service', async () => {
    await target.register('ghost', { id: 'g-1', url: 'http://g:1' });
    replica.restart();
    const { shown, words, found } = await both('ghost');
    expect(found).toEqual([{ code: 'ghost', catalog_status: 'healthy' }]);
    expect(words).toMatch(/^! A ghost: the catalog has a row \(healthy\), but no instance is live\./);
    expect(shown).toContain('No live instances.');
  });

  it('5: an answer from the cache for an instance that is gone', async () => {
    await target.register('cached', { id: 'c-1', url: 'http://c:1' });
    await target.listed('cached');
    replica.loseNode('cached', 'c-1');
    await fetch(`${target.url}/api/v1/registry/services/cached`);
    // Both answers come from the same cache, so nothing contradicts; a minute later the ghost shows.
    expect(await codesOf('cached')).toEqual([]);
    replica.advance(60_000);
    expect(await codesOf('cached')).toEqual([{ code: 'ghost', catalog_status: 'healthy' }]);
  });

  it('6: one bad registration that breaks the service', async () => {
    await target.register(
      'broken',
      { id: 'b-1', url: 'http://b:1' },
      { id: 'b-2', url: 'http://b:2', status: 'bogus' },
    );
    const { shown, words, found } = await both('broken');
    expect(found).toEqual([{ code: 'unreadable', suspect: 'bogus' }]);
    expect(words).toContain('The registration with status "bogus" is the likely cause');
    expect(shown).toContain('Instances cannot be read.');
  });

  it('two instances under one address', async () => {
    await target.register('twins', { id: 't-1', url: 'http://t:1' }, { id: 't-2', url: 'http://t:1/' });
    const { words, found } = await both('twins');
    expect(found).toContainEqual({ code: 'duplicate-url', url: 'http://t:1', instance_ids: ['t-1', 't-2'] });
    expect(words).toContain('! 2 instances share http://t:1 (t-1, t-2)');
  });
});

it('describes what a Coordinator hands out, which is all it tells', async () => {
  const coordinator = await startCoordinatorReplica({ secret: SECRET });
  coordinator.registerRaw({ service_id: 1, service_name: 'asr-service', url: 'http://asr:1' });
  const { code, stdout } = await runCli(['describe', 'asr-service', '--json'], {
    env: { REGISTRY_URL: coordinator.url },
  });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    catalog: null,
    handed_out: 'http://asr:1',
    instances: [{ instance_id: null, service_url: 'http://asr:1', status: 'healthy' }],
    contradictions: [],
  });
  await coordinator.close();
});
