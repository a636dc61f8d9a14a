import { UnknownNameError } from '../../../core/errors.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import type { Scenario } from '../../../core/scenario.ts';
import { schema } from '../../vocabulary.ts';
import { trainedAs, trainingNamed } from '../study.ts';
import type { StudyOptions, StudyPlan, StudyRun, StudyTelemetry } from '../study.ts';
import { powerCurve, powerEntries, transferEntries } from './curves.ts';
import { budgets, panel } from './panel.ts';
import type { PanelEntry } from './panel.ts';
import { stealthRows } from './stealth.ts';
import { adversaryOf, groundOf, halfYear, policyOf, trainingOf, victimKinds } from './victims.ts';
import type { Ground, VictimKind } from './victims.ts';

/** Seed of every evaluation: the paper's. */
const evaluationSeed = 42;

/** Of each two-sample test: enough for p-values around 5 %. */
const permutations = 1000;

/** Steps of an evaluation of the quick version: three weeks. */
const quickSteps = 504;

/** Where an evaluation takes place; the two curves are drawn on the building that was trained on. */
export type Place = 'trained' | 'held-out' | 'half-year' | 'transfer' | 'power';

/** The id of a run: victim, seed and place. */
export function runId(kind: string, seed: number, place: Place): string {
  return `${kind}-seed${seed}-${place}`;
}

/** The victims that a version of the study attacks: the quick one those that ship. */
export function kindsOf({ quick, only }: StudyOptions): readonly VictimKind[] {
  const names = victimKinds.map(({ name }) => name);
  for (const name of only ?? []) if (!names.includes(name)) throw new UnknownNameError('victim', name, names);
  return victimKinds.filter(
    ({ name, shipped, quickly }) =>
      (only === undefined || only.includes(name)) && (!quick || shipped !== null || quickly !== undefined),
  );
}

/** The entries that have a meaning on a victim, in a place, on any of its seeds. */
export function entriesOf(kind: VictimKind, place: Place, { quick }: StudyOptions): readonly PanelEntry[] {
  return panel.filter(
    ({ only, heldOut, extent, recorded }) =>
      (only === undefined || only === kind.head) &&
      (place === 'trained' || heldOut === true) &&
      (quick
        ? extent !== 'full'
        : extent === undefined ||
          kind.whole === true ||
          (kind.recorded !== null && recorded?.[kind.recorded] !== undefined)),
  );
}

/** Those of them that one seed meets. */
function entriesOn(kind: VictimKind, seed: number, place: Place, options: StudyOptions): readonly PanelEntry[] {
  if (place === 'transfer') return transferEntries;
  if (place === 'power') return powerEntries;
  return entriesOf(kind, place, options).filter(({ extent }) => options.quick || seed === 0 || extent === undefined);
}

/** Trainings and evaluations of the study. */
export function plan(options: StudyOptions): StudyPlan {
  const ground = groundOf(options);
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  const kinds = kindsOf(options);
  return {
    trainings: kinds.flatMap((kind) =>
      seeds.flatMap((seed) => [
        ...(trainingNamed(policyOf(kind, seed, options)) === null ? [] : [trainingOf(kind, seed, ground, options)]),
        ...(entriesOn(kind, seed, placesOf(kind)[0]!, options).some(({ learned }) => learned)
          ? [adversaryOf(kind, seed, ground)]
          : []),
      ]),
    ),
    runs: kinds.flatMap((kind) =>
      seeds.flatMap((seed) =>
        placesOn(kind, seed, options).map((place): StudyRun => ({
          id: runId(kind.name, seed, place),
          scenario: evaluationOf(kind, seed, place, ground, options),
          ...extractOf(place, ground),
        })),
      ),
    ),
  };
}

export function placesOf(kind: VictimKind): readonly Place[] {
  if (kind.steps !== null) return ['half-year'];
  return kind.whole === true ? ['trained', 'held-out'] : ['trained'];
}

/** The two curves are drawn once, for victims that meet the whole panel: the quick version's weeks are too few for either. */
function placesOn(kind: VictimKind, seed: number, { quick }: StudyOptions): readonly Place[] {
  const curves = !quick && seed === 0 && kind.whole === true;
  return [...placesOf(kind), ...(curves ? (['transfer', 'power'] as const) : [])];
}

/** What is taken from the telemetry of a place. */
function extractOf(place: Place, { building }: Ground): Pick<StudyRun, 'extract'> {
  if (place === 'trained')
    return {
      extract: ({ schema, frames, features }: StudyTelemetry) =>
        stealthRows(building, schema, frames, features, permutations),
    };
  if (place === 'power') return { extract: (telemetry) => powerCurve(building, telemetry, permutations) };
  return {};
}

function evaluationOf(kind: VictimKind, seed: number, place: Place, ground: Ground, options: StudyOptions): Scenario {
  const { dataset, building, heldOut, normalisation } = ground;
  const rows = options.quick ? { steps: quickSteps } : {};
  return scenarioFrom(
    {
      name: `${kind.title}, ${place}`,
      seed: evaluationSeed,
      district: {
        dataset,
        normalisation,
        buildings: place === 'held-out' ? heldOut : [building],
        ...(place === 'half-year' ? { start: halfYear } : rows),
      },
      victim: { policy: policyOf(kind, seed, options) },
      attacks: entriesOn(kind, seed, place, options).map(({ label, attack, budget, config, learned }) => ({
        name: attack,
        label,
        threat: budgets[budget],
        config: { ...config, ...(learned === true ? { policy: trainedAs(adversaryOf(kind, seed, ground).id) } : {}) },
      })),
    },
    `study bifurcation, ${kind.name}`,
    schema,
  );
}
