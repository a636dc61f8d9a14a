import type { Objective } from '../../core/victim.ts';

/** One name for two objectives: one on bins, one on means. */
export function byHead(name: string, onBins: Objective, onMeans: Objective): Objective {
  return {
    name,
    check(head) {
      (head.kind === 'categorical' ? onBins : onMeans).check(head);
    },
    notes: (head) => (head.kind === 'categorical' ? onBins : onMeans).notes?.(head) ?? [],
    evaluate(head, logits, goal, rows, value, gradient) {
      (head.kind === 'categorical' ? onBins : onMeans).evaluate(head, logits, goal, rows, value, gradient);
    },
  };
}
