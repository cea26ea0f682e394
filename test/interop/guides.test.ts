// Every block of code in the guides: which test here runs it, or why none does.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { blocksOf, blockWith, type Guide } from './guides.js';
import { missingPython } from './python.js';

const DIAGRAM = 'a picture';
const DOCKER = 'asks for Docker';

/** In the order of the guide: what the block is, and `run` or why not. */
const LEDGER: Record<Guide, readonly [language: string, block: string, run: string][]> = {
  coordinator: [
    ['python', 'config.py', 'run'],
    ['bash', '.env', 'has placeholders for values, which the tests give in the environment'],
    ['', 'how services communicate', DIAGRAM],
    ['', 'authentication flow', DIAGRAM],
    ['python', 'call_other_service', 'run'],
    ['python', 'verify_jwt', 'run'],
    ['python', 'a hardcoded address', 'is what the guide says not to do'],
    ['python', 'get_service_url', 'run'],
    ['json', 'the message', 'has comments, and is what the blocks around it send'],
    ['python', 'request_image_analysis', 'run'],
    ['python', 'receiving messages', 'run'],
    ['', 'what a trace id is', DIAGRAM],
    ['python', 'passing a trace id on', 'run'],
    ['python', 'heartbeat_loop', 'run'],
  ],
  configService: [
    ['', 'architecture', DIAGRAM],
    ['python', 'ServiceRegistryHttpClient', 'run'],
    ['txt', 'requirements.txt', 'is for pip; Debian has httpx'],
    ['python', 'lifespan of step 3', 'Python refuses it; the complete example stands for it'],
    ['bash', 'env.template', 'names a host of a Docker network'],
    ['yaml', 'docker-compose.yml', DOCKER],
    ['python', 'the complete example', 'run'],
    ['python', 'call_another_service', 'run'],
    ['bash', 'instances and URL', 'run'],
    ['bash', 'start dependencies', DOCKER],
    ['bash', 'export settings', 'names a fixed port; the tests set the same variables'],
    ['bash', 'run the service', 'run by serve_app.py, on a free port'],
    ['bash', 'verify the registration', 'run'],
    ['bash', 'start all', DOCKER],
    ['bash', 'logs', DOCKER],
    ['bash', 'from inside a container', DOCKER],
    ['python', 'logging', 'run'],
  ],
};

describe.each(Object.entries(LEDGER))('the guide, %s', (guide, ledger) => {
  it('has the blocks that the ledger knows, and no other', () => {
    expect(blocksOf(guide as Guide).map(({ language }) => language)).toEqual(
      ledger.map(([language]) => language),
    );
  });
});

it.skipIf(missingPython().includes('python3'))('only the lifespan of step 3 is no Python', () => {
  const refused = (Object.keys(LEDGER) as Guide[])
    .flatMap(blocksOf)
    .filter(({ language }) => language === 'python')
    .flatMap(({ code }) => {
      const compile =
        'import ast, sys; compile(sys.stdin.read(), "-", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)';
      const { stderr } = spawnSync('/usr/bin/python3', ['-I', '-c', compile], {
        input: code,
        encoding: 'utf8',
      });
      return stderr === '' ? [] : [{ code, stderr }];
    });
  expect(refused).toEqual([
    {
      code: blockWith('configService', '# Global variables to track registration state'),
      stderr: expect.stringContaining("name 'registry_client' is used prior to global declaration"),
    },
  ]);
});
