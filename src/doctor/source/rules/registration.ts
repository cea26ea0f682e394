// source.deregisters: who registers at the start takes itself out at the end.
import { finding } from '../../findings.js';
import { type Code, type CodeFile, functionOf, lastOf, receiverOf } from '../code.js';
import type { Rule, Trait } from '../rule.js';
import { requestUrl } from './endpoints.js';

export const registration: Rule = {
  id: 'source.deregisters',
  look(file) {
    const traits: Trait[] = [];
    for (const code of file.nodes) {
      if (knowsRegistry(code)) traits.push({ name: 'registry', at: code.at });
      if (registers(code, file)) traits.push({ name: 'registers', at: code.at });
      if (deregisters(code, file)) traits.push({ name: 'deregisters', at: code.at });
    }
    return { sightings: [], traits };
  },
  judge(traits) {
    const first = traits.find(({ name }) => name === 'registers');
    const end = traits.find(({ name }) => name === 'deregisters');
    if (first === undefined || !traits.some(({ name }) => name === 'registry'))
      return { applies: false, why: 'no registration is in the code' };
    const { location } = first;
    if (end === undefined)
      return {
        applies: true,
        findings: [{ finding: finding('DEREGISTRATION_MISSING', location), location }],
        seen: '',
      };
    const at = ({ path, line }: typeof location) => `${path}:${line}`;
    return {
      applies: true,
      findings: [],
      seen: `registers at ${at(location)}, deregisters at ${at(end.location)}`,
    };
  },
};

/** Much is called a registry: metrics, plugins, finalizers. This one is known by its variables, its path or its client. */
function knowsRegistry(code: Code): boolean {
  if (code.kind === 'text') return /^(CONFIG_SERVICE|REGISTRY)_URL$|\/api\/v1\/registry/.test(code.value);
  if (code.kind === 'call') return /service_?registry|registry_?client/i.test(code.callee);
  return code.kind === 'name' && /(CONFIG_SERVICE|REGISTRY)_URL$|\.registry_?url$/i.test(code.name);
}

const REGISTRY = /regist(ry|rar)|coordinator|config_?-?service|membership/i;
const TAKES_OUT = /de_?-?regist|un_?-?regist/i;
const PLAINLY =
  /^_?register_?(self|service|instance|with_?(the_?)?(service_?)?(registry|coordinator)|(in|at)_?(registry|coordinator))$/i;

/** Calls a client of the registry, or sends the request itself; the client's own definition is no start. */
function registers(code: Code, file: CodeFile): boolean {
  if (code.kind === 'call') {
    const name = lastOf(code.callee);
    if (PLAINLY.test(name)) return true;
    if (/^register$/i.test(name) && REGISTRY.test(receiverOf(code.callee))) return true;
  }
  const url = requestUrl(code, file);
  if (url === undefined || !/\/register$/.test(url)) return false;
  return REGISTRY.test(url.replace(/\/register$/, '')) && !/^_?register/i.test(functionOf(code)?.name ?? '');
}

/** A call or a handing over of what is named so, or the request itself. */
function deregisters(code: Code, file: CodeFile): boolean {
  if (code.kind === 'call' && TAKES_OUT.test(lastOf(code.callee))) return true;
  if (code.kind === 'name' && TAKES_OUT.test(lastOf(code.name)))
    return code.parent?.kind !== 'assignment' || code.parent.value === code;
  const url = requestUrl(code, file);
  return (
    url !== undefined && TAKES_OUT.test(lastSegment(url)) && !TAKES_OUT.test(functionOf(code)?.name ?? '')
  );
}

function lastSegment(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
