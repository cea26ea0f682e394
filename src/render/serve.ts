import type { Serving } from '../operations/serve.js';
import { clean } from './text.js';
import type { View } from './view.js';

/** `regctl serve`: where it listens, and how others are pointed at it. */
export const serveView: View<Serving> = {
  text({ url, auth, read_only, data_dir, engines, samples, secret_file }, { style }) {
    const token = auth === 'jwt' ? 'changes need a token (JWT_SECRET)' : 'no token is asked for';
    const access = read_only ? 'read-only' : token;
    const kept =
      engines !== null
        ? `one of several replicas over ${clean(engines.postgres)} and ZooKeeper ${clean(engines.zookeeper)}`
        : data_dir === null
          ? 'kept in memory only'
          : `kept in ${clean(data_dir)}`;
    return [
      `${style.bold('Serving')} on ${url}: ${access}; ${kept}.`,
      `  export CONFIG_SERVICE_URL=${url}`,
      `  export REGISTRY_URL=${url}`,
      ...samples.map((one) => `Sample ${style.bold(one.name)} at ${one.url}, SERVICE_ID ${one.service_id}.`),
      ...(secret_file === null ? [] : [`  export JWT_SECRET="$(cat ${clean(secret_file)})"`]),
    ].join('\n');
  },
  names: ({ url }) => [url],
};
