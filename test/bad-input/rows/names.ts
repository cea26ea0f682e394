import { type Line, type Row, SECRET } from '../support/row.js';

/** Where a command takes a name; `?` is the name. */
const TAKING_A_NAME = [
  'describe ?',
  'describe asr-service ?',
  'discover ?',
  'discover ? --all --probe',
  'register ? --port 8090',
  'register asr-service --port 8090 --instance-id ?',
  'deregister ? --yes',
  'deregister asr-service ? --yes',
  'heartbeat ? --once',
  'heartbeat asr-service ? --once',
  'send ? --type query',
  'send asr-service --type query --instance ?',
  'context set ? --registry http://config-service:8082',
  'doctor --service ?',
];

const NAMES: Record<string, string> = {
  'a slash': 'a/b',
  'a space': 'asr service',
  'two dots': '..',
  'a way out': '../../etc/passwd',
  'a control character': 'asr\u0001',
  'a new line': 'asr\nservice',
  'a colour': '\u001b[31masr',
  'a window title': 'asr\u001b]0;owned\u0007',
  'right-to-left text': 'asr\u202ecod.exe',
  'nothing in it': '',
};

const refused = {
  env: { SERVICE_ID: '42', JWT_SECRET: SECRET },
  exit: 2,
  code: 'INVALID_NAME',
  hint: /^See the names there are with `regctl (context )?list`\.$/,
} as const;

const linesWith = (name: string): Line[] =>
  TAKING_A_NAME.map((line) => line.split(' ').map((word) => (word === '?' ? name : word)));

/** Names that no service can have. What is wrong is said once and for all by the rule; every command obeys it. */
export const names: Row[] = [
  ...Object.entries(NAMES).map(
    ([kind, name]): Row => ({
      ...refused,
      name: `a name with ${kind}`,
      lines: [['describe', name]],
      message: /^".*" cannot be the name of a service: a name is 1 to 100 of letters, digits/,
    }),
  ),
  {
    ...refused,
    name: 'a name with everything in it, for every command that takes one',
    lines: linesWith('../a b\u001b[2J\u0007'),
    message: /^"\.\.\/a b" cannot be the name of (a service|an instance|a context): a name is 1 to 100/,
  },
  {
    ...refused,
    name: 'a name of 10,000 characters',
    lines: linesWith('n'.repeat(10_000)).slice(0, 3),
    message: /^"n{60}…" cannot be the name of/,
  },
  {
    ...refused,
    // They may be asked for and removed, since a deployed registry takes them.
    name: 'a name that nobody should register',
    lines: [
      ['register', 'a%2Fb', '--port', '8090'],
      ['register', 'служба', '--port', '8090'],
      ['register', 'asr-service', '--port', '8090', '--instance-id', '10.0.0.1:8090'],
    ],
    message: /^".*" cannot be the name of (a service|an instance): a name is 1 to 100/,
  },
  {
    ...refused,
    name: 'names from the environment',
    env: { SERVICE_NAME: 'asr\u001b[2J service', SERVICE_PORT: '8090' },
    lines: ['register', 'heartbeat --once'],
    message: /^"asr service" cannot be the name of a service/,
  },
];
