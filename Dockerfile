# regctl, and with it `regctl serve`: `docker build -t regctl .`, then `docker run --rm regctl --help`.
# Nothing is compiled on installation: no package runs a script.
FROM node:24.19.0-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json ./

FROM base AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY oclif.manifest.json ./
COPY scripts/bundle.js scripts/
COPY scripts/bundle scripts/bundle
COPY docs/openapi.json docs/
COPY src src
RUN npm run build

FROM base AS packages
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM base
ENV NODE_ENV=production
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY LICENSE ./
# For one registry by itself; replicas keep nothing on disk.
RUN install --directory --owner=node --group=node --mode=700 /data
USER 1000:1000
EXPOSE 8082
# That the process answers; whether it should be asked is what /ready says, to a proxy.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8082/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/start.cjs"]
CMD ["serve", "--host", "0.0.0.0", "--data-dir", "/data"]
