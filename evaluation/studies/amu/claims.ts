import { exceeds } from '../seeds.ts';
import type { Claim } from '../study.ts';
import { fixedAlpha } from './arms.ts';
import type { Measured } from './measured.ts';
import { claimedNoise } from './plan.ts';

/** The published baselines, each with hyperparameters that validation chose. */
const baselines = ['zero-shot', 'Tip-Adapter', 'Tip-Adapter-F', 'linear probe'];
/** The same with the auxiliary features that AMU-Tuning has and they were not meant to get. */
const controls = [
  'Tip-Adapter, auxiliary features',
  'Tip-Adapter-F, auxiliary features',
  'linear probe, both features',
];

/** Orders and margins of the method's specification (specs/logit-methods.md 5.3), at the fixed α and, for the comparison with others, a chosen one. */
export function claimsOf(measured: Measured): readonly Claim[] {
  const { shots } = measured;
  const most = Math.max(...shots);
  const gain = (more: string, less: string, at: number): number[] => measured.gain(more, less, at, claimedNoise);
  const accuracyGain = 'difference of accuracies';
  const at = (count: number): string => `at ${count} shot${count === 1 ? '' : 's'}`;
  const copied = measured.gain('same features, AMU', 'zero-shot', 1, claimedNoise);
  return [
    ...shots.map((count) =>
      exceeds(
        `A: complementary features beat a copy of the zero-shot encoder's by 0.03 ${at(count)}`,
        gain('FI + MT', 'same features, FI + MT', count),
        0.03,
        accuracyGain,
      ),
    ),
    exceeds(
      `FI: starting from class means beats a random start by 0.05 ${at(1)}`,
      gain('FI + MT', 'random start + MT', 1),
      0.05,
      accuracyGain,
    ),
    exceeds(
      `M: training both branches beats the fused loss alone by 0.005 ${at(most)}`,
      gain('FI + MT', 'FI, fused loss only', most),
      0.005,
      accuracyGain,
    ),
    exceeds(
      `U: the uncertainty's weight is worth 0.01 ${at(1)}, at α = ${fixedAlpha}`,
      gain('AMU', 'FI + MT', 1),
      0.01,
      accuracyGain,
    ),
    exceeds(
      `U: it still helps where each arm has its own best α ${at(1)} (not shown by the prototype)`,
      gain('AMU, α chosen', 'FI + MT, α chosen', 1),
      0,
      accuracyGain,
    ),
    exceeds(
      `U: it still helps ${at(most)}, at α = ${fixedAlpha} (not shown by the prototype)`,
      gain('AMU', 'FI + MT', most),
      0,
      accuracyGain,
    ),
    ...[...baselines, ...controls].map((baseline) =>
      exceeds(
        `AMU-Tuning beats ${baseline} ${at(1)}${controls.includes(baseline) ? ' (a control beyond the paper)' : ''}`,
        gain('AMU, α chosen', baseline, 1),
        0,
        accuracyGain,
      ),
    ),
    exceeds(
      'It is complementarity that is measured: with a copy of the zero-shot features less than half of the gain over zero-shot remains',
      gain('AMU', 'zero-shot', 1).map((value, seed) => value / 2 - copied[seed]!),
      0,
      'half of the gain less the gain with a copy',
    ),
  ];
}
