// Moving from a Config Service to replicas on the same ZooKeeper: the steps of docs/cluster.md, with somebody who writes
// and reads nodes exactly as wire/config-service.md has them, and knows nothing else.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  type Deployment,
  type Engines,
  newDeployment,
  startEngines,
  withoutEngines,
} from '../support/cluster.js';
import { missingPackages } from '../support/engines.js';
import { eventually, get, post } from '../support/start-registry.js';
import { type Serving, startServe } from '../support/targets.js';
import { ZookeeperReader } from '../support/zookeeper-reader.js';

const PREFIX = '/api/v1/registry';

describe.skipIf(withoutEngines)(
  `a Config Service and replicas${withoutEngines ? `, without ${missingPackages().join(', ')}` : ''}`,
  () => {
    let engines: Engines & { close(): Promise<void> };
    let deployment: Deployment;
    let replicas: readonly Serving[];
    let configService: ZookeeperReader;

    beforeAll(async () => {
      engines = await startEngines();
      deployment = await newDeployment(engines);
      configService = await ZookeeperReader.connect(engines.zookeeper.address, deployment.basePath);
      // Whom it had before anybody thought of moving.
      await configService.register('asr', 'asr-1', { service_url: 'http://asr-1:8090', status: 'healthy' });
      await configService.register('nmt', 'nmt-1', { service_url: 'http://nmt-1:8090', status: 'healthy' });
      replicas = [await startServe(deployment.flags()), await startServe(deployment.flags())];
    }, 120_000);
    afterAll(async () => {
      for (const replica of replicas ?? []) await replica.close();
      configService?.close();
      await engines?.close();
    });

    const listed = async ({ url }: Serving, service: string) =>
      (await get(`${url}${PREFIX}/services/${service}`)).body;
    /** Resolves when every replica lists exactly these, as `id address`. */
    const allList = async (service: string, expected: readonly string[]) => {
      for (const replica of replicas) {
        await eventually(
          async () =>
            (await listed(replica, service)).map(
              ({ instance_id, service_url }) => `${instance_id} ${service_url}`,
            ),
          (seen) => seen.join() === expected.join(),
        );
      }
    };
    const nodes = async (service: string) => configService.instances(service);
    const [first, second] = [() => replicas[0] as Serving, () => replicas[1] as Serving];
    const register = (replica: Serving, service: string, id: string) =>
      post(`${replica.url}${PREFIX}/register`, {
        service_name: service,
        service_url: `http://${id}:9000`,
        service_metadata: { instance_id: id, status: 'healthy' },
      });

    it('have the same instances from the start, and the trail says whence', async () => {
      await allList('asr', ['asr-1 http://asr-1:8090']);
      await allList('nmt', ['nmt-1 http://nmt-1:8090']);
      const { body } = await get(`${second().url}${PREFIX}/audit?service=asr`);
      expect(body).toMatchObject([{ instance_id: 'asr-1', cause: 'registered', actor: 'zookeeper' }]);
      const found = await get(`${second().url}${PREFIX}/services/asr/url`);
      expect(found.body).toEqual({ url: 'http://asr-1:8090' });
    });

    it('know at once whom the other registers, and say how he is in the same words', async () => {
      await register(first(), 'tts', 'tts-1');
      const { 'tts-1': seen } = await eventually(
        () => nodes('tts'),
        (all) => 'tts-1' in all,
      );
      expect(seen).toEqual({
        ephemeral: true,
        node: {
          instance_id: 'tts-1',
          service_url: 'http://tts-1:9000',
          status: 'healthy',
          regctl: expect.any(Number),
        },
      });
      await configService.register('tts', 'tts-2', { service_url: 'http://tts-2:8090', status: 'starting' });
      await allList('tts', ['tts-1 http://tts-1:9000', 'tts-2 http://tts-2:8090']);
      expect(await listed(second(), 'tts')).toMatchObject([{ status: 'healthy' }, { status: 'starting' }]);
    });

    it('let a service move: it registers here under its id, and the node is ours', async () => {
      expect((await register(second(), 'asr', 'asr-1')).status).toBe(201);
      await allList('asr', ['asr-1 http://asr-1:9000']);
      const node = await eventually(
        async () => (await nodes('asr'))['asr-1']?.node,
        (seen) => typeof seen === 'object' && seen !== null && 'regctl' in seen,
      );
      expect(node).toMatchObject({ service_url: 'http://asr-1:9000', status: 'healthy' });
      const { body } = await get(`${first().url}${PREFIX}/audit?service=asr`);
      expect(body.map(({ actor }) => actor)).toEqual(['zookeeper', '127.0.0.1']);
    });

    it('let it move back', async () => {
      await configService.register('asr', 'asr-1', { service_url: 'http://asr-1:8090', status: 'healthy' });
      await allList('asr', ['asr-1 http://asr-1:8090']);
    });

    it('part without loss: what is registered here is there when the replicas are the only ones left', async () => {
      const reader = await ZookeeperReader.connect(engines.zookeeper.address, deployment.basePath);
      onTestFinished(() => reader.close());
      await register(first(), 'asr', 'asr-1');
      await allList('asr', ['asr-1 http://asr-1:9000']);
      await eventually(
        async () => (await reader.instances('asr'))['asr-1']?.node,
        (seen) => typeof seen === 'object' && seen !== null && 'regctl' in seen,
      );
      configService.close();
      // Its nodes go with its session, and what nobody registered anew is deregistered 10 s later.
      await eventually(
        () => reader.all(),
        (all) => all.join() === 'asr/asr-1,tts/tts-1',
      );
      expect((await listed(first(), 'nmt')).map(({ instance_id }) => instance_id)).toEqual(['nmt-1']);
      for (const replica of replicas)
        await expect.poll(() => listed(replica, 'nmt'), { timeout: 30_000 }).toEqual([]);
      await allList('tts', ['tts-1 http://tts-1:9000']);
      const { body } = await get(`${second().url}${PREFIX}/audit?service=nmt`);
      expect(body.at(-1)).toMatchObject({
        cause: 'deregistered',
        actor: 'zookeeper',
        detail: 'its node is gone',
      });
    });
  },
);
