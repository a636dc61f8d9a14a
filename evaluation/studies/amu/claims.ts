import { exceeds } from '../seeds.ts';
import type { Claim } from '../study.ts';
import { alphaText, fixedAlpha } from './arms.ts';
import type { Measured } from './measured.ts';

const unit = 'difference of accuracies';
const fixed = alphaText(fixedAlpha);

function at(shots: number): string {
  return `at ${shots} shot${shots === 1 ? '' : 's'}`;
}

/** Orders and margins of the method's specification (specs/logit-methods.md 5.3) at the fixed α, and those that its prototype could not show. */
export function ingredientClaims(where: string, measured: Measured, shots: readonly number[]): readonly Claim[] {
  const most = Math.max(...shots);
  const gain = (more: string, less: string, count: number): number[] => measured.gain(more, less, count, fixed);
  return [
    ...shots.map((count) =>
      exceeds(
        `${where}: A, complementary features beat a copy of the zero-shot encoder's by 0.03 ${at(count)}`,
        gain('FI + MT', 'same features, FI + MT', count),
        0.03,
        unit,
      ),
    ),
    exceeds(
      `${where}: FI, starting from class means beats a random start by 0.05 ${at(1)}`,
      gain('FI + MT', 'random start + MT', 1),
      0.05,
      unit,
    ),
    exceeds(
      `${where}: M, training both branches beats the fused loss alone by 0.005 ${at(most)}`,
      gain('FI + MT', 'FI, fused loss only', most),
      0.005,
      unit,
    ),
    exceeds(
      `${where}: U, the uncertainty's weight is worth 0.01 ${at(1)}, at α = ${fixedAlpha}`,
      gain('AMU', 'FI + MT', 1),
      0.01,
      unit,
    ),
    exceeds(
      `${where}: U, it makes a wrong α cheaper: worth 0.01 ${at(1)}, at α = ${2 * fixedAlpha}`,
      measured.gain('AMU', 'FI + MT', 1, alphaText(2 * fixedAlpha)),
      0.01,
      unit,
    ),
    exceeds(
      `${where}: the gain vanishes with a copy of the zero-shot features for auxiliary ones: it stays below 0.01 ${at(1)}`,
      gain('same features, AMU', 'zero-shot', 1).map((value) => -value),
      -0.01,
      'less the gain over zero-shot',
    ),
  ];
}

/** What the prototype of the specification could not show of the uncertainty's weight; `exceeds` says whether it is shown here. */
export function uncertaintyClaims(where: string, measured: Measured, shots: readonly number[]): readonly Claim[] {
  const most = Math.max(...shots);
  return [
    exceeds(
      `${where}: U, it still helps where each arm has its own best α ${at(1)} (not shown by the prototype)`,
      measured.gain('AMU', 'FI + MT', 1),
      0,
      unit,
    ),
    exceeds(
      `${where}: U, it still helps ${at(most)}, at α = ${fixedAlpha} (not shown by the prototype)`,
      measured.gain('AMU', 'FI + MT', most, fixed),
      0,
      unit,
    ),
  ];
}

/**
 * AMU-Tuning over others, each with hyperparameters that validation chose.
 * @param note what others have that they were not meant to get  @param setting of AMU-Tuning; absent: its own choice too
 */
export function comparisonClaims(
  where: string,
  measured: Measured,
  shots: readonly number[],
  others: readonly string[],
  note = '',
  setting?: string,
): readonly Claim[] {
  return shots.flatMap((count) =>
    others.map((other) => {
      const theirs = measured.accuracy(other, count);
      return exceeds(
        `${where}: AMU-Tuning beats ${other} ${at(count)}${note}`,
        measured.accuracy('AMU', count, setting).map((value, seed) => value - theirs[seed]!),
        0,
        unit,
      );
    }),
  );
}

/** On the logits of a detector that has learned elsewhere, over that detector. */
export function onLearnedClaims(where: string, measured: Measured, shots: readonly number[]): readonly Claim[] {
  const learned = 'unadapted detector, both features';
  return shots.map((count) =>
    exceeds(
      `${where}: on the logits of the ${learned}, AMU-Tuning improves on it ${at(count)}`,
      measured.gain(`AMU on the ${learned}`, learned, count),
      0,
      unit,
    ),
  );
}
