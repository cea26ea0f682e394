// What the script has Python and Node do, where they are all there is. Python 2 has to understand it too.
import { sh } from '../findings/entry.js';

export const PYTHON_GET = `
import sys
try:
    from urllib.request import urlopen
    from urllib.error import HTTPError
except ImportError:
    from urllib2 import urlopen, HTTPError
try:
    print("HTTP/1.1 %d" % urlopen(sys.argv[1], timeout=float(sys.argv[2])).getcode())
except HTTPError as error:
    print("HTTP/1.1 %d" % error.code)
except Exception as error:
    print(repr(error))
`;

export const NODE_GET = `
const [, url, seconds] = process.argv;
const end = (text) => { process.stdout.write(text); process.exit(); };
setTimeout(() => end("timed out"), seconds * 1000);
require(url.startsWith("https:") ? "https" : "http")
  .get(url, ({ statusCode }) => end("HTTP/1.1 " + statusCode))
  .on("error", ({ code, message }) => end(code + " " + message));
`;

export const PYTHON_RESOLVE = `
import socket, sys
try:
    print(" ".join(sorted(set(each[4][0] for each in socket.getaddrinfo(sys.argv[1], None)))))
except Exception as error:
    sys.exit(repr(error))
`;

export const NODE_RESOLVE = `
require("dns").lookup(process.argv[1], { all: true }, (error, found) => {
  process.stdout.write(error ? error.code : found.map(({ address }) => address).join(" "));
  process.exit(error ? 1 : 0);
});
`;

export const PYTHON_SHA256 = `
import hashlib, sys
print(hashlib.sha256(getattr(sys.stdin, "buffer", sys.stdin).read()).hexdigest())
`;

export const NODE_SHA256 = `
const hash = require("crypto").createHash("sha256");
process.stdin.on("data", (data) => hash.update(data)).on("end", () => process.stdout.write(hash.digest("hex")));
`;

/** A command line that makes the GET again, for a person, with the tool that is there. */
export function askAgain(tool: string, url: string): string {
  if (tool === 'wget') return `wget -S -O - ${sh(url)}`;
  if (tool.startsWith('python'))
    return `${tool} -c ${sh(`import urllib.request as r; print(r.urlopen(${JSON.stringify(url)}).read())`)}`;
  if (tool !== 'node') return `curl -sS -i ${sh(url)}`;
  const scheme = url.startsWith('https:') ? 'https' : 'http';
  return `node -e ${sh(`require("${scheme}").get(${JSON.stringify(url)}, (answer) => answer.pipe(process.stdout))`)}`;
}
