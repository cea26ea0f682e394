// How the deployed Config Service reads the body of a registration: types are checked, contents are not.
import type { Registration } from './model.js';

/** One entry of FastAPI's 422 `detail`. */
export interface Refusal {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
}

type Read = { readonly accepted: Registration } | { readonly refused: readonly Refusal[] };

export function readRegistration(body: string): Read {
  if (body === '') return refused(['body'], 'field required', 'value_error.missing');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return refused(['body', 0], String(error), 'value_error.jsondecode');
  }
  if (!isObject(value)) return refused(['body'], 'value is not a valid dict', 'type_error.dict');
  const { service_name, service_url, health_check_url, service_metadata } = value;
  const refusals = [
    ...wrongText('service_name', service_name, true),
    ...wrongText('service_url', service_url, true),
    ...wrongText('health_check_url', health_check_url, false),
    ...wrongDict('service_metadata', service_metadata),
  ];
  if (refusals.length > 0) return { refused: refusals };
  // Checked just above, field by field.
  return { accepted: { service_name, service_url, health_check_url, service_metadata } as Registration };
}

function refused(loc: Refusal['loc'], msg: string, type: string): Read {
  return { refused: [{ loc, msg, type }] };
}

function wrongText(field: string, value: unknown, required: boolean): Refusal[] {
  const loc = ['body', field];
  if (value === undefined && required) return [{ loc, msg: 'field required', type: 'value_error.missing' }];
  if (typeof value === 'string' || (!required && (value === undefined || value === null))) return [];
  return [{ loc, msg: 'str type expected', type: 'type_error.str' }];
}

function wrongDict(field: string, value: unknown): Refusal[] {
  if (value === undefined || value === null || isObject(value)) return [];
  return [{ loc: ['body', field], msg: 'value is not a valid dict', type: 'type_error.dict' }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
