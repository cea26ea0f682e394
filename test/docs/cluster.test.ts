// docs/cluster.md: backup and restore, by its very lines, of replicas over a real PostgreSQL.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Deployment,
  type Engines,
  newDeployment,
  startEngines,
  withoutEngines,
} from '../support/cluster.js';
import { missingPackages } from '../support/engines.js';
import { emptyFolder } from '../support/run-cli.js';
import { eventually, get, post } from '../support/start-registry.js';
import { type Serving, startServe } from '../support/targets.js';
import { ZookeeperReader } from '../support/zookeeper-reader.js';

const PAGE = readFileSync(new URL('../../docs/cluster.md', import.meta.url), 'utf8');
const PREFIX = '/api/v1/registry';

/** The command lines of the page with this word. */
function linesWith(word: string): string {
  const blocks = [...PAGE.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const found = blocks.filter((text) => text.includes(word));
  const [lines] = found;
  if (lines === undefined || found.length > 1) throw new Error(`${found.length} blocks have ${word}`);
  return lines;
}

const without = withoutEngines || (!existsSync('/usr/bin/pg_dump') && process.env.CI === undefined);

describe.skipIf(without)(
  `docs/cluster.md${without ? `, without ${missingPackages().join(', ')}` : ''}`,
  () => {
    let engines: Engines & { close(): Promise<void> };
    let deployment: Deployment;
    let replicas: Serving[] = [];
    const folder = emptyFolder();

    beforeAll(async () => {
      engines = await startEngines();
      deployment = await newDeployment(engines);
      await start();
    }, 120_000);
    afterAll(async () => {
      await stop();
      await engines?.close();
    });

    async function start(): Promise<void> {
      for (const _ of ['one', 'two']) replicas.push(await startServe(deployment.flags()));
    }
    async function stop(): Promise<void> {
      for (const replica of replicas) await replica.close();
      replicas = [];
    }
    const run = (lines: string) =>
      execFileSync('sh', ['-e', '-c', lines], {
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          POSTGRES_URL: `postgres://registry@127.0.0.1:${engines.postgres.port}/${deployment.name}`,
        },
        stdio: 'pipe',
      });
    const at = (n: number, path: string) => `${replicas[n]?.url}${PREFIX}${path}`;
    const register = (n: number, id: string) =>
      post(at(n, '/register'), {
        service_name: 'asr',
        service_url: `http://${id}:8090`,
        service_metadata: { instance_id: id, status: 'healthy' },
      });
    const ids = async (n: number) =>
      (await get(at(n, '/services/asr'))).body.map(({ instance_id }) => instance_id).join();

    it('what was backed up while the registry ran is there after the restore, and nothing else', async () => {
      await register(0, 'asr-1');
      await register(1, 'asr-2');
      run(linesWith('pg_dump'));
      expect(existsSync(join(folder, 'regctl.dump'))).toBe(true);
      await register(0, 'late');
      await post(at(0, '/deregister?service_name=asr&instance_id=asr-2'));
      expect(await ids(0)).toBe('asr-1,late');

      await stop();
      run(linesWith('pg_restore'));
      await start();
      for (const n of [0, 1]) expect(await ids(n)).toBe('asr-1,asr-2');
      expect((await get(at(1, '/audit?service=asr'))).body.map(({ cause }) => cause)).toEqual([
        'registered',
        'registered',
      ]);
      // Who registered after the backup has to register again, and is told so; the replicas work on from there.
      const beat = { service_name: 'asr', instance_id: 'late' };
      expect((await post(at(0, '/heartbeat'), beat)).status).toBe(404);
      expect((await register(1, 'late')).status).toBe(201);
      await eventually(
        () => ids(0),
        (seen) => seen === 'asr-1,asr-2,late',
      );
      const reader = await ZookeeperReader.connect(engines.zookeeper.address, deployment.basePath);
      const nodes = await eventually(
        () => reader.all(),
        (all) => all.length === 3,
      ).finally(() => reader.close());
      expect(nodes).toEqual(['asr/asr-1', 'asr/asr-2', 'asr/late']);
    });

    it('what it says of the commands of a deployment is what there is', () => {
      const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
      for (const [, name = ''] of PAGE.matchAll(/npm run ([a-z]+)/g)) expect(scripts).toHaveProperty(name);
      const compose = readFileSync(new URL('../../compose.yaml', import.meta.url), 'utf8');
      for (const [, name = ''] of PAGE.matchAll(/--wait ([a-z]+-\d)/g))
        expect(compose).toContain(`\n  ${name}:\n`);
      expect(PAGE.match(/--wait replica-\d/g)).toHaveLength(2);
    });
  },
);
