import type { BeatReport } from '../operations/heartbeat.js';
import { clean } from './text.js';
import type { LineView } from './view.js';

/** `regctl heartbeat`: a line a beat. */
export const heartbeatView: LineView<BeatReport> = {
  line(report, { style }) {
    const { beat, target, latency_ms: latency, missed_in_a_row: missed } = report;
    const outcome = report.accepted ? style.good('ok') : style.bad('missed');
    const took = latency === null ? clean(report.error ?? '') : `${latency} ms`;
    const via = report.via === 'register' ? ', registered again' : '';
    return `beat ${beat}  ${clean(target)}  ${outcome}  ${took}  (missed in a row: ${missed}${via})`;
  },
  name: ({ target }) => target,
};
