import { meanText } from '../seeds.ts';
import type { StudyTable } from '../study.ts';
import { alphaText, fixedAlpha } from './arms.ts';
import type { Measured } from './measured.ts';

const fixed = alphaText(fixedAlpha);

/** What each ingredient is worth, a row a difficulty: more than one or two methods say of a range. */
export function gainsTable(
  found: readonly {
    readonly problem: { readonly title: string; readonly shots: readonly number[] };
    readonly measured: Measured;
  }[],
): StudyTable {
  return {
    title: `What each ingredient is worth, over the range of latents, at α = ${fixedAlpha}`,
    columns: [
      'difficulty',
      'zero-shot',
      'A, 1-shot',
      'A, most',
      'FI, 1-shot',
      'M, most',
      'U, 1-shot',
      'U, most',
      'copy',
    ],
    rows: found.map(({ problem: { title, shots }, measured }) => {
      const most = Math.max(...shots);
      const gain = (more: string, less: string, count: number): string =>
        meanText(measured.gain(more, less, count, fixed));
      return [
        title,
        meanText(measured.accuracy('zero-shot', 1)),
        gain('FI + MT', 'same features, FI + MT', 1),
        gain('FI + MT', 'same features, FI + MT', most),
        gain('FI + MT', 'random start + MT', 1),
        gain('FI + MT', 'FI, fused loss only', most),
        gain('AMU', 'FI + MT', 1),
        gain('AMU', 'FI + MT', most),
        gain('same features, AMU', 'zero-shot', 1),
      ];
    }),
    note: 'Differences of accuracies. A: complementary features against a copy of the zero-shot ones; FI: class means against a random start; M: both branches against the fused loss alone; U: the uncertainty\'s weight; copy: AMU-Tuning on a copy, over zero-shot, at 1 shot. "Most": at the most shots.',
  };
}
