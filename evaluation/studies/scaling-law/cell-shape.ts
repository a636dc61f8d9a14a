import { z } from 'zod';
import type { Law } from '../../../logits/scaling-law/law.ts';
import type { Prefactor } from '../../../logits/scaling-law/linear-response.ts';
import type { PowerLaw } from '../../../logits/statistic/power-law-fit.ts';
import { usualErrors } from '../../robustness-estimate.ts';
import { count, figure, listOf, name, shapeOf } from '../json-shape.ts';
import { controllerAttacks } from './controller-arm.ts';
import type { ControllerAttack, ControllerCell } from './controller-arm.ts';
import type { EngineCell } from './engine-arm.ts';
import { entropySettings } from './entropy-arm.ts';
import type { EntropyCell } from './entropy-arm.ts';
import { entropyImagesSettings } from './entropy-images.ts';
import type { EntropyImagesSize, EntropyImagesTrial } from './entropy-images.ts';
import type { LawCell } from './law-arms.ts';
import type { SearchCell } from './search-arm.ts';
import type { EntropySize, SearchSize, Size } from './size.ts';

const figures = z.array(figure);
const prefactor = shapeOf<Prefactor>()(
  z.strictObject({
    density: figure,
    susceptibility: figure,
    meanSusceptibility: figure,
    value: figure,
    meanField: figure,
  }),
);
const powerLaw = shapeOf<PowerLaw>()(
  z.strictObject({ exponent: figure, coefficient: figure, standardError: figure, r2: figure, points: count }),
);

const curve = z.strictObject({
  measured: z.array(figures),
  predicted: z.array(figures).nullable(),
  fits: z.array(powerLaw),
});
const law = shapeOf<Law>()(
  z
    .strictObject({
      rows: count,
      classes: z.int().min(2),
      differences: z.array(powerLaw).min(1),
      medianDifference: figure,
      prefactor,
      epsilons: figures.min(1),
      fgsm: curve,
      stepLeastLikely: curve,
      pgd: curve,
    })
    .superRefine((value, context) => {
      const orders = value.differences.length;
      const points = value.epsilons.length;
      const fail = (path: (string | number)[], got: string, expected: string): void =>
        context.addIssue({ code: 'custom', path, message: `${got}, expected ${expected}` });
      const long = (path: (string | number)[], values: readonly unknown[], expected: number, what: string): void => {
        if (values.length !== expected) fail(path, `${values.length} values`, `one for each of ${expected} ${what}`);
      };
      for (const attack of ['fgsm', 'stepLeastLikely', 'pgd'] as const) {
        const { measured, predicted, fits } = value[attack];
        if ((predicted === null) !== (attack === 'pgd'))
          fail(
            [attack, 'predicted'],
            predicted === null ? 'null' : 'figures',
            'those of the attacks in one step alone',
          );
        long([attack, 'fits'], fits, orders, 'orders');
        for (const [key, curves] of Object.entries({ measured, predicted: predicted ?? measured })) {
          long([attack, key], curves, orders, 'orders');
          for (const [order, errors] of curves.entries()) long([attack, key, order], errors, points, 'ε');
        }
      }
    }),
);

/** What a cell of the error law returns; an order of Δ_1j for each of its curves, a point for each ε. */
export const lawShape = shapeOf<LawCell>()(
  z.strictObject({
    accuracy: figure,
    law,
    floor: z.strictObject({ clean: figure, raw: figure, above: figure }).nullable(),
  }),
);

const point = z.strictObject({
  epsilon: figure,
  law: figure,
  predicted: figure,
  own: figure,
  engine: figure,
  same: figure,
  pgd: figure,
});
const estimate = z.strictObject({ rows: count, prefactor, points: z.array(point).length(usualErrors.length) });

/** What a cell of the attack engine returns. */
export const engineShape = shapeOf<EngineCell>()(z.strictObject({ 'cross-entropy': estimate, margin: estimate }));

const certainty = {
  entropy: figure,
  medianDifference: figure,
  density: figure,
  susceptibility: figure,
  prefactor: figure,
};
const attacked = { clean: figure, fgsm: figure, pgd: figure, marginPgd: figure };
const settingOf = (one: { readonly lambda: number | null; readonly learningRate: number | null }): string =>
  `λ ${one.lambda}, rate ${one.learningRate}`;

/** What a cell of the entropy penalty returns: every net that is trained. */
export function entropyShape(size: EntropySize): z.ZodType {
  const trial = z.strictObject({
    ...attacked,
    ...certainty,
    transfer: figure,
    lambda: figure,
    learningRate: figure,
    validation: figure,
  });
  return shapeOf<EntropyCell>()(
    z.strictObject({ trials: listOf(trial, entropySettings(size).map(settingOf), settingOf) }),
  );
}

/** What the cell of the entropy penalty on images returns: of every seed the trials, of these every ε. */
export function entropyImagesShape(seeds: number, size: EntropyImagesSize): z.ZodType {
  const under = z.strictObject({
    epsilon: figure,
    validation: figure,
    fgsm: figure,
    pgd: figure,
    marginPgd: figure,
    transfer: figure,
  });
  const trial = z.strictObject({
    lambda: figure,
    learningRate: figure,
    clean: figure,
    entropy: figure,
    medianDifference: figure,
    attacks: listOf(under, size.epsilons.map(String), ({ epsilon }) => String(epsilon)),
  });
  return shapeOf<EntropyImagesTrial[][]>()(
    z.array(listOf(trial, entropyImagesSettings(size).map(settingOf), settingOf)).length(seeds),
  );
}

/** What a cell of the controllers returns: one a λ, under every attack. */
export function controllersShape({ strengths }: Size['controllers']): z.ZodType {
  const attack = z.strictObject({ success: figure, return: figure, loss: figure });
  const trial = z.strictObject({
    ...certainty,
    lambda: figure,
    validation: figure,
    return: figure,
    attacks: z.record(z.enum(Object.keys(controllerAttacks) as ControllerAttack[]), attack),
  });
  return shapeOf<ControllerCell>()(
    z.strictObject({ trials: listOf(trial, strengths.map(String), ({ lambda }) => String(lambda)) }),
  );
}

const child = z.strictObject({ name, parameters: count, clean: figure, reward: figure });
const judged = z.strictObject({ ...attacked, transfer: figure, alike: figure, name, parameters: count });

/** What a cell of the search returns; a child that is asked for again is there again, so that there may be more than were wanted. */
export function searchShape({ children }: Pick<SearchSize, 'children'>): z.ZodType {
  const asked = z.array(child).min(children);
  return shapeOf<SearchCell>()(
    z.strictObject({
      controller: asked,
      random: asked,
      found: judged,
      foundAtRandom: judged,
      median: judged,
      baseline: judged,
      foundHardened: judged,
      baselineHardened: judged,
      correlation: z.strictObject({ clean: figure, parameters: figure }),
    }),
  );
}
