// inside.*: whether the service and the doctor are configured alike, and their clocks agree.
import { withoutTrailingSlash } from '../../wire/urls.js';
import { deploymentCheck, type Finding, finding, found, notApplicable, pass, verdict } from '../check.js';
import type { DoctorContext } from '../context.js';
import type { View } from '../inside/answer.js';
import { type Facts, registryOf, runs } from './inside.js';
import { LEEWAY_S } from './registry.js';

/** What a service is told of itself. */
const OWN = [
  'SERVICE_ID',
  'SERVICE_PORT',
  'SERVICE_HOST',
  'SERVICE_PUBLIC_URL',
  'SERVICE_INSTANCE_ID',
] as const;

export const agrees = deploymentCheck({
  id: 'inside.agrees',
  title: 'The service runs with what is configured here',
  about:
    'The variables inside against those the doctor uses, where both are set, and JWT_SECRET by a digest over a nonce of this run, so that neither side shows it: two services with two secrets answer each other 401. A registry that goes by another name inside is no finding where one of the names holds on one machine or network alone (localhost, a name of Docker).',
  checklist: ['integration.1', 'debug.3'],
  requires: [runs],
  codes: [
    'INSIDE_OTHER_SERVICE',
    'INSIDE_VARIABLE_DIFFERS',
    'INSIDE_SECRET_DIFFERS',
    'INSIDE_REGISTRY_ELSEWHERE',
  ],
  async run(context, [facts]) {
    const stranger = otherService(context, facts);
    if (stranger) return found(stranger);
    const variables = comparable(context, facts.looked.view);
    const secret = secretOf(context, facts);
    const findings = [
      ...variables
        .filter(({ inside, outside }) => inside !== outside)
        .map((each) => finding('INSIDE_VARIABLE_DIFFERS', { exec: facts.exec, ...each })),
      ...registryElsewhere(context, facts),
      ...(typeof secret === 'object' ? [secret] : []),
    ];
    const same = [...variables.map(({ variable }) => variable), ...(secret === 'same' ? ['JWT_SECRET'] : [])];
    const note = secret === 'no tool' ? '; JWT_SECRET not compared, as nothing inside can hash it' : '';
    if (findings.length === 0 && same.length === 0 && note === '')
      return notApplicable('nothing is set both here and inside');
    return verdict(findings, `the same: ${same.join(', ') || 'nothing compared'}${note}`, undefined);
  },
});

function otherService({ services }: DoctorContext, { exec, looked }: Facts): Finding | undefined {
  const inside = looked.view.variables.get('SERVICE_NAME')?.value;
  if (inside === undefined || services.length === 0 || services.includes(inside)) return undefined;
  const examined = services.length === 1 ? `${services[0]}` : `${services.length} other services`;
  return finding('INSIDE_OTHER_SERVICE', { exec, inside, examined });
}

/** What is set on both sides; nothing where the doctor runs in the environment of another service. */
function comparable(context: DoctorContext, { variables }: View) {
  const here = context.variable('SERVICE_NAME');
  const there = variables.get('SERVICE_NAME');
  if (here && there && here.value !== there.value) return [];
  const names = OWN.flatMap((variable) => {
    const inside = variables.get(variable)?.value;
    const set = variable === 'SERVICE_ID' ? context.serviceId : context.variable(variable);
    if (inside === undefined || set === undefined) return [];
    return [{ variable, inside: plain(inside), outside: plain(set.value), origin: set.origin }];
  });
  const name = here && there && { variable: 'SERVICE_NAME', inside: there.value, outside: here.value };
  return [...(name ? [{ ...name, origin: here.origin }] : []), ...names];
}

/** As the script tells URLs: without credentials. */
function plain(value: string): string {
  return withoutTrailingSlash(value.replace(/:\/\/[^/?#]*@/, '://[secret]@'));
}

function secretOf(
  { secret }: DoctorContext,
  { exec, looked }: Facts,
): Finding | 'same' | 'no tool' | undefined {
  const there = looked.view.secret;
  if (secret === undefined || there === undefined) return undefined;
  if (there.digest === undefined) return 'no tool';
  if (secret.matches(looked.nonce, there.digest)) return 'same';
  return finding('INSIDE_SECRET_DIFFERS', {
    exec,
    inside: `from ${there.origin}`,
    outside: `from ${secret.origin}`,
  });
}

/** Names that hold on one machine, one Docker network or one cluster alone: another name may be the same registry. */
const LOCAL_NAME = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|[^.]+|.+\.(local|localhost|internal|svc))$/;

function registryElsewhere({ registry }: DoctorContext, { exec, looked }: Facts): Finding[] {
  const { url: inside } = registryOf(looked.view);
  const outside = registry.url;
  if (registry.origin === 'default' || !URL.canParse(inside) || !URL.canParse(outside)) return [];
  const both = [new URL(inside), new URL(outside)] as const;
  if (both[0].host === both[1].host || both.some(({ hostname }) => LOCAL_NAME.test(hostname))) return [];
  return [finding('INSIDE_REGISTRY_ELSEWHERE', { exec, inside: plain(inside), outside: plain(outside) })];
}

export const clock = deploymentCheck({
  id: 'inside.clock',
  title: 'The clock where the service runs agrees with the one here',
  about: `\`date\` inside against this machine's clock. Tokens carry times: a difference over the leeway of ${LEEWAY_S} s makes good ones look expired or not yet valid.`,
  requires: [runs],
  codes: ['INSIDE_CLOCK_SKEW'],
  async run(_context, [{ exec, looked }]) {
    const { clockS } = looked.view;
    if (clockS === undefined) return notApplicable('there is no `date` inside to ask');
    const [began, ended] = [Math.floor(looked.began / 1000), Math.ceil(looked.ended / 1000)];
    const skewS = Math.max(0, clockS - ended) - Math.max(0, began - clockS);
    const apart = Math.abs(skewS);
    if (apart <= LEEWAY_S) return pass(`${apart} s apart`);
    const seconds = `${apart} s ${skewS > 0 ? 'ahead' : 'behind'}`;
    return found(finding('INSIDE_CLOCK_SKEW', { exec, seconds, leewayS: LEEWAY_S }));
  },
});
