import { exceeds } from '../seeds.ts';
import type { Claim, StudyConclusion, StudyOptions } from '../study.ts';
import {
  byMeanField,
  byPrefactor,
  byResponse,
  deviation,
  differenceExponents,
  exponents,
  measuredOf,
  typical,
  worst,
} from './law-measured.ts';
import type { Measured } from './law-measured.ts';
import { figuresOf, tablesOf } from './law-tables.ts';
import { all, within } from './within.ts';

/** The error law on every arm: claims at difficulty 1, tables over all difficulties, curves of the first seed. */
export function lawConclusion(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyConclusion {
  const measured = measuredOf(options, cells);
  if (measured.length === 0) return { claims: [], tables: [], figures: [] };
  const claimed = measured.filter(({ difficulty }) => difficulty === 1);
  return {
    claims: claimed.length === 0 ? [] : claimsOf(claimed.filter(({ cells: found }) => found.length > 0)),
    tables: tablesOf(measured),
    figures: claimed.length === 0 ? [] : figuresOf(claimed),
  };
}

function claimsOf(measured: readonly Measured[]): Claim[] {
  const slopes = measured.map((one) =>
    all(one.arm.title, [
      within('FGSM', exponents(one, 'fgsm'), [0.85, 1.15], 'slope'),
      within('PGD', exponents(one, 'pgd'), [0.85, 1.15], 'slope'),
    ]),
  );
  return [
    enough(measured, slopes),
    all('error is proportional to ε on every network measured', slopes),
    all(
      'the distribution of Δ_12 rises with exponent 1 within 0.25, that of Δ_13 with 2 within 0.35, on every network measured (Δ_13 not of a continuous head)',
      measured.flatMap((one) => [
        within(`${one.arm.title}, Δ_12`, differenceExponents(one, 0), [0.75, 1.25], 'exponent'),
        ...(one.arm.line === true
          ? []
          : [within(`${one.arm.title}, Δ_13`, differenceExponents(one, 1), [1.65, 2.35], 'exponent')]),
      ]),
    ),
    all(
      'the linear response of clean statistics predicts the FGSM error within a tenth (or one row) on every network, at every ε with 0.0005 < error < 0.05',
      measured.map((one) =>
        exceeds(
          one.arm.title,
          deviation(one, byResponse).map((value) => 0.1 - value),
          0,
          'a tenth less the largest deviation',
        ),
      ),
    ),
    all(
      'the one-gradient law A ε is within a factor of 1.5 of the FGSM error on every network, in the mean over ε',
      measured.map((one) =>
        within(one.arm.title, typical(one, byPrefactor), [1 / 1.5, 1.5], 'predicted over measured'),
      ),
    ),
    all(
      'the same within a factor of 2 at every ε',
      measured.map((one) => within(one.arm.title, worst(one, byPrefactor), [0, 2], 'largest factor between them')),
    ),
    all(
      'with the mean susceptibility of all rows in place of that at the boundary, as the mean-field argument has it, the law is within a factor of 2 in the mean over ε',
      measured.map((one) => within(one.arm.title, typical(one, byMeanField), [1 / 2, 2], 'predicted over measured')),
    ),
  ];
}

/** The pass criterion of specs/logit-methods.md 2.4: four kinds, with the untrained network and every shipped policy among them. */
function enough(measured: readonly Measured[], slopes: readonly Claim[]): Claim {
  const holding = measured.filter((_, at) => slopes[at]!.holds === true);
  const needed = measured.flatMap((one, at) =>
    one.name === 'untrained' || one.arm.shipped === true ? [{ ...one, holds: slopes[at]!.holds }] : [],
  );
  const missing = needed.filter(({ holds }) => holds !== true);
  const there = needed.some(({ name }) => name === 'untrained') && needed.some(({ arm }) => arm.shipped === true);
  const open = slopes.filter(({ holds }) => holds === null).length;
  const failed = missing.some(({ holds }) => holds === false) || holding.length + open < 4;
  // Of a part of the networks nothing is said.
  const told = there && measured.length >= 4;
  const holds = !told ? null : missing.length === 0 && holding.length >= 4 ? true : failed ? false : null;
  return {
    claim:
      'error is proportional to ε (slope within 0.15 of 1, FGSM and PGD) on at least four kinds of networks, the untrained one and every shipped policy among them',
    holds,
    evidence:
      `holds on ${holding.length} of ${slopes.length}: ${holding.map(({ arm }) => arm.title).join(', ') || 'none'}` +
      (told ? '' : '; too few networks were measured') +
      (missing.length === 0 ? '' : `; not on ${missing.map(({ arm }) => arm.title).join(', ')}`),
  };
}
