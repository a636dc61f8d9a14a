import type { StudyConclusion, StudyOptions, StudyOutcome } from '../study.ts';
import { claimsOf } from './claims.ts';
import { powerFigure, transferFigure } from './curve-figures.ts';
import { Measured } from './measured.ts';
import { kindsOf, placesOf } from './plan.ts';
import { cleanTable, panelTable, placeTable, snoopingFigure, stealthTable } from './tables.ts';
import { groundOf, halfYear } from './victims.ts';

/** Tables and claims of the study from what its evaluations gave. */
export function conclude(options: StudyOptions, outcomes: ReadonlyMap<string, StudyOutcome>): StudyConclusion {
  const measured = new Measured(options, outcomes);
  const kinds = kindsOf(options);
  const whole = kinds.filter(({ steps }) => steps === null);
  const { heldOut, building } = groundOf(options);
  return {
    claims: claimsOf(measured, whole),
    tables: [
      cleanTable(measured, kinds),
      ...whole.map((kind) => panelTable(measured, kind, building)),
      ...whole.map((kind) => stealthTable(measured, kind)),
      ...whole
        .filter((kind) => placesOf(kind).includes('held-out'))
        .map((kind) => placeTable(measured, kind, 'held-out', `held-out buildings ${heldOut.join(', ')}`)),
      ...kinds
        .filter(({ steps }) => steps !== null)
        .map((kind) => placeTable(measured, kind, 'half-year', `the half-year from row ${halfYear} on`)),
    ],
    figures: whole.flatMap((kind) => [
      ...snoopingFigure(measured, kind),
      ...transferFigure(measured, kind),
      ...powerFigure(measured, kind),
    ]),
  };
}
