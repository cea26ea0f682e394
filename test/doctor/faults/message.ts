// Faults that turn message.*.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { detail, json } from '../../support/instrument.js';
import type { Fault } from './fault.js';

const BAD_TOKENS = ['missing', 'malformed', 'wrong-key', 'alg-none', 'expired', 'no-scheme'];
const every = (code: string) =>
  Object.fromEntries(BAD_TOKENS.map((name) => [`message.rejects-${name}`, code]));

export const MESSAGE: readonly Fault[] = [
  {
    name: 'POST /message asks for no token',
    behaviour: 'accepts-missing',
    expect: { 'message.rejects-missing': 'TOKEN_ACCEPTED' },
  },
  {
    name: 'POST /message takes any token for good',
    behaviour: 'accepts-any-token',
    expect: {
      'message.rejects-malformed': 'TOKEN_ACCEPTED',
      'message.rejects-wrong-key': 'TOKEN_ACCEPTED',
      'message.rejects-alg-none': 'TOKEN_ACCEPTED',
      'message.rejects-expired': 'TOKEN_ACCEPTED',
    },
  },
  {
    name: 'POST /message does not check the signature',
    behaviour: 'accepts-wrong-key',
    expect: { 'message.rejects-wrong-key': 'TOKEN_ACCEPTED' },
  },
  {
    name: 'POST /message takes unsigned tokens',
    behaviour: 'accepts-alg-none',
    expect: { 'message.rejects-alg-none': 'TOKEN_ACCEPTED' },
  },
  {
    name: 'POST /message takes expired tokens',
    behaviour: 'accepts-expired',
    expect: { 'message.rejects-expired': 'TOKEN_ACCEPTED' },
  },
  {
    name: 'POST /message takes a token without its scheme',
    behaviour: 'accepts-no-scheme',
    expect: { 'message.rejects-no-scheme': 'TOKEN_ACCEPTED' },
  },
  {
    name: 'POST /message answers 422 where the header is missing',
    break: ({ replaceService }) =>
      replaceService(({ path, headers }) => {
        if (path === '/health') return json(200, { status: 'healthy' });
        if (headers.authorization !== undefined) return detail(401, 'Invalid token');
        return detail(422, [{ loc: ['header', 'authorization'], msg: 'field required', type: 'missing' }]);
      }),
    expect: { 'message.rejects-missing': 'REFUSED_OTHERWISE' },
  },
  {
    name: 'POST /message looks at the body before the token',
    break: ({ replaceService }) =>
      replaceService(({ path }) =>
        path === '/health'
          ? json(200, { status: 'healthy' })
          : detail(422, [{ loc: ['body', 'image'], msg: 'field required', type: 'missing' }]),
      ),
    expect: every('BODY_BEFORE_TOKEN'),
  },
  {
    name: '.env of the folder names the registry, the secret is from elsewhere',
    async break({ env, folder, registry }) {
      await writeFile(join(folder, '.env'), `CONFIG_SERVICE_URL=${registry.url}\n`, { mode: 0o600 });
      delete env.CONFIG_SERVICE_URL;
    },
    expect: {
      'message.rejects-expired': 'TOKEN_WITHHELD',
      'message.rejects-no-scheme': 'TOKEN_WITHHELD',
    },
  },
  { name: 'there is no POST /message', behaviour: 'message-404', expect: every('NO_MESSAGE_ENDPOINT') },
  {
    name: 'POST /message crashes',
    behaviour: 'message-500',
    expect: { ...every('MESSAGE_ENDPOINT_BROKEN'), 'message.no-leak': 'ANSWER_LEAKS' },
  },
  {
    name: 'POST /message hangs',
    behaviour: 'message-hangs',
    flags: { timeout: 1_000 },
    expect: every('MESSAGE_NO_ANSWER'),
  },
];
