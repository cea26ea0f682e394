// --only and --skip: which checks run. What they leave out stays in the report, with the reason.
import picomatch from 'picomatch';
import type { Skip } from './result.js';

interface Node {
  id: string;
  requires: readonly Node[];
}

/** Why each check is left out. What a chosen check requires runs with it; `skip` is stronger than `only`. */
export function selection(
  checks: readonly Node[],
  only: readonly string[],
  skip: readonly string[],
): (check: { id: string }) => Skip | undefined {
  const chosen = matcher(only);
  const skipped = matcher(skip);
  const wanted = new Set<string>();
  const want = (check: Node) => {
    wanted.add(check.id);
    check.requires.forEach(want);
  };
  checks.filter(({ id }) => only.length === 0 || chosen(id)).forEach(want);
  return ({ id }) => {
    if (skipped(id)) return { kind: 'filtered', why: `left out by --skip` };
    return wanted.has(id) ? undefined : { kind: 'filtered', why: 'not chosen by --only' };
  };
}

/**
 * What a run is for: the checks that are chosen, without those that they require; where services are examined, those
 * of them that are of a service. A run that comes to none of these has found nothing out.
 */
export function asked(
  checks: readonly { id: string; scope: 'deployment' | 'service' }[],
  { only, skip }: { only: readonly string[]; skip: readonly string[] },
  examinesServices: boolean,
): (id: string) => boolean {
  const isChosen = only.length === 0 ? () => true : matcher(only);
  const isSkipped = matcher(skip);
  const chosen = checks.filter(({ id }) => isChosen(id) && !isSkipped(id));
  const ofServices = chosen.filter(({ scope }) => scope === 'service');
  const ids = new Set((examinesServices && ofServices.length > 0 ? ofServices : chosen).map(({ id }) => id));
  return (id) => ids.has(id);
}

/** The globs that match no check: most often a slip of the pen. */
export function unmatched(checks: readonly { id: string }[], globs: readonly string[]): string[] {
  return globs.filter((glob) => !checks.some(({ id }) => matcher([glob])(id)));
}

/** True for what one of the globs matches. */
export function matcher(globs: readonly string[]): (id: string) => boolean {
  if (globs.length === 0) return () => false;
  return picomatch([...globs], { nonegate: true, dot: true });
}
