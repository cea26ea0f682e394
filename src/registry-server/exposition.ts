// The text format in which Prometheus reads metrics (Prometheus, "Exposition formats", version 0.0.4).

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** What follows the family's name, as `_bucket` of a histogram. */
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

/** A metric with all its series. */
export interface Family {
  readonly name: string;
  /** One line. */
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The page that the families make. */
export function exposition(families: readonly Family[]): string {
  return families.map(textOf).join('');
}

function textOf({ name, help, type, samples }: Family): string {
  const lines = samples.map(
    ({ suffix = '', labels = {}, value }) => `${name}${suffix}${labelsText(labels)} ${number(value)}\n`,
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const number = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : String(value).replace('Infinity', 'Inf');

/** Observed values by size: how many there were up to each bound, and their sum. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** One more than the bounds: what is above all of them. */
  readonly #counts: number[];
  #sum = 0;
  #observed = 0;

  /** `bounds` ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array(bounds.length + 1).fill(0);
  }

  /** How many values were observed. */
  get observed(): number {
    return this.#observed;
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
    this.#observed += 1;
  }

  /** Its series: buckets count what is in the smaller ones too. */
  samples(labels: Labels = {}): Sample[] {
    let count = 0;
    const buckets = this.#counts.map((own, i): Sample => {
      count += own;
      const le = number(this.#bounds[i] ?? Number.POSITIVE_INFINITY);
      return { suffix: '_bucket', labels: { ...labels, le }, value: count };
    });
    return [
      ...buckets,
      { suffix: '_sum', labels, value: this.#sum },
      { suffix: '_count', labels, value: this.#observed },
    ];
  }
}
