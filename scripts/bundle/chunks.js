// Which modules share a chunk, where that is not left to the bundler.

/**
 * Chunks by when they are needed: what is read takes time, also where it is not run, and so does each file. Parts of
 * packages that few runs need come first, then what every command needs, then what every request does.
 */
const CHUNKS = {
  'oclif-rest':
    /@oclif\/core\/lib\/(help|ux|config|module-loader|performance|util\/(read|find|cache|determine|os))|node_modules\/(ejs|cli-spinners|color-|wrap-ansi|ansis|ansi-escapes|ansi-styles|minimatch|fdir|tinyglobby|lilconfig|brace-expansion|balanced-match|is-wsl|is-docker|get-package-type|clean-stack|widest-line)/,
  'undici-rest':
    /undici\/lib\/(web|encoding|llhttp\/llhttp-wasm|core\/socks5|dispatcher\/(client-h2|env|proxy|socks5))/,
  table: /src\/render\/(age|held|table)\.ts$/,
  token: /node_modules\/@noble\/|src\/(messaging\/token|operations\/pairs)\.ts$/,
  picomatch: /node_modules\/picomatch/,
  command:
    /@oclif\/core|node_modules\/ms\/|src\/(base-command|context|env-file|errors|flags|host|inputs|monotonic|open-http|report-error|secret|secret-source|settings|sources|stdio|terminal|render\/(json-array|style|text|trace|view))\.ts$/,
  request: /node_modules\/(undici|valibot)|src\/(http|registry-client|undici|wire)\//,
};
/** As rolldown's `codeSplitting.groups` takes them. */
export const groups = Object.entries(CHUNKS).map(([name, test]) => ({ name, test }));
