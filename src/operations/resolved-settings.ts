import type { Context } from '../context.js';
import { serviceId, VARIABLES, variable } from '../settings.js';

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
      value: target.url,
      origin: target.origin === 'default' ? 'default' : `${target.origin} (${target.setting})`,
    },
    { setting: 'api', value: target.api, origin: target.origin },
    { setting: 'context', value: sources.context?.name ?? null, origin: contextOrigin(context) },
  ];
  for (const name of VARIABLES) {
    if (name === 'JWT_SECRET' || name === 'REGCTL_CONTEXT') continue;
    const found = name === 'SERVICE_ID' ? serviceId(sources) : variable(name, sources);
    rows.push({ setting: name, value: found?.value ?? null, origin: found?.origin ?? null });
  }
  const secretOrigin = await context.secretOrigin();
  rows.push({
    setting: 'JWT_SECRET',
    value: secretOrigin === undefined ? null : '[secret]',
    origin: secretOrigin ?? null,
  });
  const values = sources.context?.values ?? {};
  const from = `context ${sources.context?.name}`;
  for (const [call, path] of Object.entries(values.paths ?? {})) {
    rows.push({ setting: `path ${call}`, value: path, origin: from });
  }
  // A header such as X-Registry-Key is as good as a secret.
  for (const header of Object.keys(values.headers ?? {})) {
    rows.push({ setting: `header ${header}`, value: '[secret]', origin: from });
  }
  return rows;
}

function contextOrigin({ sources }: Context): string | null {
  if (sources.context === undefined) return null;
  if (sources.context.byFlag) return 'flag --context';
  return variable('REGCTL_CONTEXT', sources)?.origin ?? 'current in the context file';
}
