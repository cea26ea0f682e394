// Faults that turn source.*: one thing wrong in the code of a service that is else as the guides have it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deployment } from '../deployment.js';
import { SERVICES } from '../source/services.js';
import type { Fault } from './fault.js';

type Files = Record<string, string | Buffer>;

/** Gives the doctor code to examine. */
export async function writeSource({ folder, input }: Deployment, files: Files): Promise<void> {
  input.source = 'service';
  await mkdir(join(folder, 'service'));
  for (const [name, code] of Object.entries(files)) await writeFile(join(folder, 'service', name), code);
}

/** The service in Python, with one part of it replaced. */
const changed = (from: string, to: string) => (deployment: Deployment) => {
  const healthy = SERVICES['main.py'];
  if (!healthy.includes(from)) throw new Error(`the service has no ${from}`);
  return writeSource(deployment, { 'main.py': healthy.replace(from, to) });
};

/** The service, and more in a file beside it. */
const beside = (files: Files) => (deployment: Deployment) =>
  writeSource(deployment, { 'main.py': SERVICES['main.py'], ...files });

export const SOURCE: readonly Fault[] = [
  {
    name: 'the folder of the code does not exist',
    input: { source: 'no-such-folder' },
    expect: { 'source.readable': 'SOURCE_MISSING' },
  },
  {
    name: 'the folder of the code has none in a known language',
    break: (deployment) => writeSource(deployment, { 'main.rb': 'puts 1', 'test_main.py': 'x = 1' }),
    expect: { 'source.readable': 'SOURCE_EMPTY' },
  },
  {
    name: 'the code is a whole disk',
    async break(deployment) {
      await writeSource(deployment, {});
      const folder = join(deployment.folder, 'service');
      const names = Array.from({ length: 5_001 }, (_, index) => `a${index}.py`);
      await Promise.all(names.map((name) => writeFile(join(folder, name), '')));
    },
    expect: { 'source.readable': 'SOURCE_TOO_LARGE' },
  },
  {
    name: 'a file of the code is binary',
    break: beside({ 'data.py': Buffer.from([0, 1, 2]) }),
    expect: { 'source.readable': 'SOURCE_UNREADABLE' },
  },
  {
    name: 'a file of the code does not parse',
    break: beside({ 'broken.py': 'def (:\n' }),
    expect: { 'source.readable': 'SOURCE_UNPARSED' },
  },
  {
    name: 'no deregistration in what could be read: it may be in the rest',
    break: (deployment) =>
      writeSource(deployment, {
        'main.py': SERVICES['main.py'].replace(/await registry_client\.deregister.*/, 'pass'),
        'end.py': 'def (:\n',
      }),
    expect: { 'source.readable': 'SOURCE_UNPARSED' },
  },
  {
    name: 'the address of another service is written down',
    break: changed('await registry_client.discover_url("nmt-service")', '"http://10.0.5.3:8000"'),
    expect: { 'source.no-hardcoded-addresses': 'ADDRESS_HARDCODED' },
  },
  {
    name: 'the registry is looked for at an address where nothing is set',
    break: changed('http://config-service:8082', 'http://10.0.5.2:8082'),
    expect: { 'source.no-hardcoded-addresses': 'ADDRESS_AS_DEFAULT' },
  },
  {
    name: 'the name of another service is written down, with its port',
    break: changed('await registry_client.discover_url("nmt-service")', '"http://nmt-service:8091"'),
    expect: { 'source.no-hardcoded-addresses': 'HOST_HARDCODED' },
  },
  {
    name: 'the JWT secret is in the code',
    break: changed('os.environ["JWT_SECRET"]', '"a-secret-that-everybody-can-read"'),
    expect: { 'source.no-hardcoded-secrets': 'SECRET_HARDCODED' },
  },
  {
    name: 'a JWT secret is in the code, for the case that none is set',
    break: changed('os.environ["JWT_SECRET"]', 'os.getenv("JWT_SECRET", "a-secret-that-everybody-can-read")'),
    expect: { 'source.no-hardcoded-secrets': 'SECRET_AS_DEFAULT' },
  },
  {
    name: 'a message goes out without trace_id',
    break: changed(', "trace_id": message.get("trace_id", str(uuid.uuid4()))}', '}'),
    expect: { 'source.trace-id': 'MESSAGE_WITHOUT_TRACE' },
  },
  {
    name: 'the code sends no heartbeat',
    break: changed('await client.post(f"{REGISTRY}/heartbeat", json={"service_id": 42})', 'pass'),
    expect: { 'source.heartbeat': 'HEARTBEAT_MISSING' },
  },
  {
    name: 'the code sends a heartbeat every two minutes',
    break: changed('asyncio.sleep(30)', 'asyncio.sleep(2 * 60)'),
    expect: { 'source.heartbeat': 'HEARTBEAT_SLOW' },
  },
  {
    name: 'the code sends a heartbeat every second',
    break: changed('asyncio.sleep(30)', 'asyncio.sleep(1)'),
    expect: { 'source.heartbeat': 'HEARTBEAT_FAST' },
  },
  {
    name: 'the code registers and never deregisters',
    break: changed('await registry_client.deregister(os.environ["SERVICE_NAME"], instance)', 'pass'),
    expect: { 'source.deregisters': 'DEREGISTRATION_MISSING' },
  },
  {
    name: 'the handler of messages looks at no token',
    break: (deployment) =>
      writeSource(deployment, {
        'main.py': SERVICES['main.py']
          .replace(/def verify_jwt[\s\S]*?\n\n\n/, '')
          .replace(', auth: dict = Depends(verify_jwt)', ''),
      }),
    expect: { 'source.verifies-token': 'TOKEN_NOT_VERIFIED' },
  },
  {
    name: 'the token is read and its signature left out',
    break: changed('SECRET, algorithms=["HS256"]', 'options={"verify_signature": False}'),
    expect: { 'source.verifies-token': 'TOKEN_CHECK_OFF' },
  },
  {
    name: 'the algorithm of the token is not named',
    break: changed(', algorithms=["HS256"]', ''),
    expect: { 'source.verifies-token': 'TOKEN_ALGORITHM_OPEN' },
  },
  {
    name: 'a token without its scheme is taken, as in the guide',
    break: changed(
      ' or not authorization.startswith("Bearer "):',
      ':\n        pass\n    authorization = authorization.replace("Bearer ", "")\n    if not authorization:',
    ),
    expect: { 'source.verifies-token': 'TOKEN_SCHEME_IGNORED' },
  },
  {
    name: 'a waiver in the code has no reason',
    break: beside({ 'more.py': '# regctl: allow source.trace-id\nx = 1\n' }),
    expect: { 'source.waivers': 'ALLOW_WITHOUT_REASON' },
  },
  {
    name: 'a waiver in the code allows what is not there',
    break: beside({ 'more.py': '# regctl: allow source.trace-id because it is old\nx = 1\n' }),
    expect: { 'source.waivers': 'ALLOW_UNUSED' },
  },
];
