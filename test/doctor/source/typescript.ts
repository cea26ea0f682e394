import type { Sample } from './sample.js';

export const TYPESCRIPT: Sample[] = [
  {
    name: 'addresses in URLs, literal, in a template and over a constant',
    code: `fetch('http://10.0.5.3:8000/data');
const BOX = '10.0.5.4';
await fetch(\`http://\${BOX}/data\`);
const u = 'http://' + '10.0.5.5' + '/x';`,
    found: ['ADDRESS_HARDCODED 1', 'ADDRESS_HARDCODED 2', 'ADDRESS_HARDCODED 4'],
  },
  {
    name: 'addresses in fields and options',
    code: `class A { private box = '10.0.5.3'; go() { return fetch(\`http://\${this.box}/x\`); } }
createConnection({ host: '10.0.5.4', port: 1 });`,
    found: ['ADDRESS_HARDCODED 1', 'ADDRESS_HARDCODED 2'],
  },
  {
    name: 'the name of a service',
    code: "const url: string = 'http://nmt-service:8091';",
    found: ['HOST_HARDCODED 1'],
  },
  {
    name: 'defaults: a name is fine, an address warns',
    code: "const a = process.env.A ?? 'http://config-service:8082';\nconst b = process.env['B'] || 'http://10.0.5.3:8082';\nconst c = process.env.C ? process.env.C : 'http://config-service:8082';",
    found: ['ADDRESS_AS_DEFAULT 2'],
  },
  {
    name: 'no addresses: comments, logs, this machine, public hosts, types, imports, a base to parse against',
    code: "// http://10.0.5.3\n/* http://10.0.5.3 */\nconsole.log('http://10.0.5.3');\nfetch('http://localhost:3000');\nfetch('https://example.com');\ntype A = 'http://10.0.5.3';\nimport x from 'http://10.0.5.3/x.js';\nnew URL(request.url, 'http://x:80');\nserver.listen(80, '0.0.0.0');\ncors({ origin: 'http://10.0.5.3' });",
    found: [],
  },
  { name: 'an address in a test', file: 'src/a.test.ts', code: "fetch('http://10.0.5.3')", found: [] },
  {
    name: 'secrets',
    code: "const JWT_SECRET = 's3cr3t-of-the-team';\njwt.sign({}, 'another-one');\nconst c = { jwtSecret: 'in-an-object' };\nconst d = process.env.JWT_SECRET ?? 'dev-secret-1';\ncreateHmac('sha256', Buffer.from('bytes-of-a-key'));",
    found: ['SECRET_HARDCODED 1', 'SECRET_HARDCODED 2', 'SECRET_HARDCODED 3', 'SECRET_HARDCODED 5'],
  },
  {
    name: 'a secret as default',
    code: "const jwtSecret = process.env.JWT_SECRET || 'dev-secret-1';",
    found: ['SECRET_AS_DEFAULT 1'],
  },
  {
    name: 'no secrets',
    code: "const jwtSecret = process.env.JWT_SECRET;\nconst NAMES = { jwtSecret: 'JWT_SECRET' };\ninterface A { jwtSecret: 'literal-type' }\njwt.verify(token, secret.reveal(), { algorithms: ['HS256'] });",
    found: [],
  },
  {
    name: 'messages without trace_id: in fetch, in axios, as a JSON text',
    code: `await fetch(\`\${url}/message\`, { method: 'POST', body: JSON.stringify({ type: 'command', payload }) });
axios.post(\`\${url}/message\`, { type: kind, payload });
const text = \`{"type": "query", "payload": \${x}}\`;`,
    found: ['MESSAGE_WITHOUT_TRACE 1', 'MESSAGE_WITHOUT_TRACE 2', 'MESSAGE_WITHOUT_TRACE 3'],
  },
  {
    name: 'messages with it; and what only looks like one',
    code: `axios.post(\`\${url}/message\`, { type: 'query', payload, trace_id });
axios.post(\`\${url}/message\`, { ...message, payload });
dispatch({ type: 'NAVIGATE', payload });`,
    found: [],
  },
  {
    name: 'heartbeats on a timer',
    code: `setInterval(() => fetch(\`\${process.env.REGISTRY_URL}/heartbeat\`, { method: 'POST' }), 60_000);`,
    found: ['HEARTBEAT_SLOW 1'],
  },
  {
    name: 'heartbeats in a loop',
    code: `async function beat() { await fetch(\`\${config.registryUrl}/heartbeat\`, { method: 'POST' }); }
while (true) {
  await beat();
  await new Promise((resolve) => setTimeout(resolve, 10 * 1000));
}`,
    found: ['HEARTBEAT_FAST 4'],
  },
  {
    name: 'heartbeats every 30 s',
    code: 'const EVERY_MS = 30 * 1000;\nsetInterval(sendHeartbeat, EVERY_MS);\nfor (;;) { await sendHeartbeat(); await sleep(30_000); }\nfor (;;) { await registry.heartbeat(); await delay(seconds * 1000); }',
    found: [],
  },
  { name: 'no heartbeat', code: 'const url = process.env.REGISTRY_URL;', found: ['HEARTBEAT_MISSING 1'] },
  {
    name: 'a registration without its end',
    code: `const base = \`\${process.env.CONFIG_SERVICE_URL}/api/v1/registry\`;
await registryClient.register({ name });`,
    found: ['DEREGISTRATION_MISSING 2'],
  },
  {
    name: 'a registration with it; and plugins',
    code: "const base = process.env.CONFIG_SERVICE_URL;\nawait registryClient.register({ name });\nprocess.on('SIGTERM', () => registryClient.deregister(name));\napp.register(cors);",
    found: [],
  },
  {
    name: 'a handler that takes any caller',
    code: "app.post('/message', async (request, reply) => reply.send({ received: true }));",
    found: ['TOKEN_NOT_VERIFIED 1'],
  },
  {
    name: 'a handler behind a check',
    code: "app.post('/message', requireAuth, handler);\nconst routes = { 'POST /message': (r) => verifyToken(r) };",
    found: [],
  },
  {
    name: 'a check that takes none',
    code: "jwt.verify(token, key, { algorithms: ['HS256', 'none'] });",
    found: ['TOKEN_CHECK_OFF 1'],
  },
  {
    name: 'syntax of today',
    code: "export type * from './a.js';\nlet m: typeof import('a');\nimport j from './a.json' with { type: 'json' };\nconst x = { a } satisfies B as const;\nclass A<const T> { accessor y = 1; @dec() z!: string; #w?: T; static { a(); } }\nlet f = async <T,>(x: T): Promise<T> => x;\nconst g = (x: unknown): x is string => typeof x === 'string';\nenum E { A = 1 << 2 }\nlet late!: E;\nimport L = a.L;\nxs.filter((x): x is string => x !== '');\n",
    found: [],
  },
];
