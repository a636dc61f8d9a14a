import type { Metrics } from './learner.ts';

/** Means of figures that come one set at a time. */
export class MetricMeans {
  readonly #sums: Record<string, number> = {};
  #count = 0;

  add(metrics: Metrics): void {
    for (const name in metrics) this.#sums[name] = (this.#sums[name] ?? 0) + metrics[name]!;
    this.#count++;
  }

  /** Empty when nothing was added. */
  means(): Metrics {
    return Object.fromEntries(Object.entries(this.#sums).map(([name, sum]) => [name, sum / this.#count]));
  }
}
