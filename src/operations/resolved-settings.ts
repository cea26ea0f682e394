import type { Context } from '../context.js';
import { endpointValues, serviceId, shownUrl, VARIABLES, variable } from '../settings.js';

export interface ResolvedSetting {
  setting: string;
  /** Null where it is not set; secrets read `[secret]`. */
  value: string | null;
  /** Where it came from; null where it is not set. */
  origin: string | null;
}

/** Every setting with its origin, as the other commands would use it. Never a secret. */
export async function resolvedSettings(context: Context): Promise<ResolvedSetting[]> {
  const { sources, target } = context;
  const rows: ResolvedSetting[] = [
    {
      setting: 'registry',
      value: shownUrl(target.url),
      origin: target.origin === 'default' ? 'default' : `${target.origin} (${target.setting})`,
    },
    {
      setting: 'api',
      value: target.api,
      origin: sources.flags.api === undefined ? target.origin : 'flag --api',
    },
    { setting: 'context', value: sources.context?.name ?? null, origin: contextOrigin(context) },
  ];
  for (const name of VARIABLES) {
    if (name === 'JWT_SECRET' || name === 'REGCTL_CONTEXT') continue;
    const found = name === 'SERVICE_ID' ? serviceId(sources) : variable(name, sources);
    const value = found === undefined ? null : shownUrl(found.value);
    rows.push({ setting: name, value, origin: found?.origin ?? null });
  }
  const secretOrigin = await context.secretOrigin();
  rows.push({
    setting: 'JWT_SECRET',
    value: secretOrigin === undefined ? null : '[secret]',
    origin: secretOrigin ?? null,
  });
  const from = `context ${sources.context?.name}`;
  const own = endpointValues(sources, target);
  rows.push(
    contextRow('timeout', sources.context?.values.timeout, from),
    contextRow('ca_file', sources.context?.values.ca_file, from),
    contextRow('cert_file', own.cert_file, from),
    contextRow('key_file', own.key_file, from),
  );
  for (const [call, path] of Object.entries(own.paths ?? {})) {
    rows.push({ setting: `path ${call}`, value: path, origin: from });
  }
  // A header such as X-Registry-Key is as good as a secret.
  for (const header of Object.keys(own.headers ?? {})) {
    rows.push({ setting: `header ${header}`, value: '[secret]', origin: from });
  }
  return rows;
}

function contextRow(setting: string, value: string | number | undefined, from: string): ResolvedSetting {
  return value === undefined
    ? { setting, value: null, origin: null }
    : { setting, value: String(value), origin: from };
}

function contextOrigin({ sources }: Context): string | null {
  if (sources.context === undefined) return null;
  if (sources.context.byFlag) return 'flag --context';
  return variable('REGCTL_CONTEXT', sources)?.origin ?? 'current in the context file';
}
