import type { Context } from '../context.js';
import type { Checklist } from '../doctor/checklist.js';
import type { ChecklistName } from '../doctor/guides.js';
import { type DoctorInput, examine } from './doctor.js';

/** Examines what a guide's checklist asks, and answers it item by item. Throws as `examine` does. */
export async function examineChecklist(
  list: ChecklistName,
  input: Omit<DoctorInput, 'only'>,
  context: Context,
): Promise<Checklist> {
  const [{ CHECKS }, { answerChecklist }] = await Promise.all([
    import('../doctor/catalogue.js'),
    import('../doctor/checklist.js'),
  ]);
  const asked = CHECKS.filter(({ checklist }) => checklist.some((item) => item.startsWith(`${list}.`)));
  const report = await examine({ ...input, only: asked.map(({ id }) => id) }, context);
  return answerChecklist(list, report, asked);
}
