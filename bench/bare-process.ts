// The process behind startBare: what node:http alone can do.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** Bodies of JSON by path. */
export type Answers = Readonly<Record<string, string>>;

const answers = new Map(Object.entries(JSON.parse(process.argv[2] ?? '{}') as Answers));
const server = http.createServer((request, response) => {
  const body = answers.get(request.url ?? '');
  const answer = () =>
    response
      .writeHead(body === undefined ? 404 : 200, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(body ?? ''),
      })
      .end(body);
  if (request.method !== 'POST') return void answer();
  let text = '';
  request
    .setEncoding('utf8')
    .on('data', (chunk: string) => {
      text += chunk;
    })
    .on('end', () => {
      JSON.parse(text);
      answer();
    });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(
  `${JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`,
);
