import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import type { Workspace } from '../../workspace.ts';
import { alphas, amuOnLearned, methodsWith } from './arms.ts';
import type { Method } from './arms.ts';
import { buildingRows, drawShots } from './building-rows.ts';
import type { BuildingRows } from './building-rows.ts';
import { recordYear } from './building-year.ts';
import type { BuildingYear, IncidentDifficulty } from './building-year.ts';
import { groundOf } from './ground.ts';
import { incidentTypes } from './incident-types.ts';
import { bothFeatures, meanScore, scoreOf, zeroShotFeatures, zeroShotLogits } from './problem.ts';
import type { Rows, Score } from './problem.ts';
import { rulePrototypes } from './rule-book.ts';
import { batchOf } from './shot-figures.ts';
import type { MethodScores, ShotFigures } from './shot-figures.ts';
import { unadaptedDetector } from './unadapted.ts';
import { WindowEncoder } from './window-encoder.ts';
import type { WindowEncoderOptions } from './window-encoder.ts';

/** How much of the study on buildings one cell does. */
export interface BuildingSize {
  readonly shots: readonly number[];
  /** Draws of shots of each source building, which hyperparameters are chosen on, and of the new one. */
  readonly draws: { readonly source: number; readonly target: number };
  /** Of a year, hours; null: all. */
  readonly steps: number | null;
  readonly encoder: WindowEncoderOptions;
  /** Share of the methods' epochs: 1 but in tests. */
  readonly effort?: number;
}

/** Scales of the zero-shot logits that are tried; the one of least cross-entropy on the known buildings is taken. */
const scales = [1, 2, 4, 8, 12, 16];

/** Rows of one building, with the logits of the rules, and with those of the detector that was learned elsewhere in their place. */
interface Place {
  readonly daysPerClass: number;
  readonly rows: Rows;
  readonly learned: Rows;
}

/** Records the buildings, trains the encoder and the unadapted detectors on the known ones, then every method on few windows of the new one. */
export async function buildingCell(
  seed: number,
  workspace: Workspace,
  dataset: string,
  difficulty: IncidentDifficulty,
  size: BuildingSize,
  progress: (done: number) => void,
): Promise<ShotFigures> {
  const random = rng(seed).split('amu buildings');
  const types = incidentTypes.slice(0, difficulty.types);
  const ground = await groundOf(seed, workspace, dataset);
  const sites = [...ground.sources, ground.target];
  const years: BuildingYear[] = [];
  for (const [b, site] of sites.entries())
    years.push(
      await recordYear(
        workspace,
        { ...site, dataset, seed: random.split(site.building).int(2 ** 31), steps: size.steps, types, difficulty },
        (done) => progress((0.5 * (b + done)) / sites.length),
      ),
    );
  const clean = years.slice(0, -1).map(({ lanes }) => lanes[0]!.observation);
  using encoder = new WindowEncoder(years[0]!.features, years[0]!.stepsPerDay, clean, size.encoder);
  encoder.train(clean, random.split('encoder'), (done) => progress(0.5 + 0.2 * done));
  const buildings = years.map((year) => buildingRows(year, types, encoder));
  return adapt(buildings, rulePrototypes(types), size, random, (done) => progress(0.7 + 0.3 * done));
}

/**
 * Every method at every number of shots. Hyperparameters are those that do best, all draws of all known buildings together, where each of them in turn plays the
 * new one; the new building's own test windows have no part in any choice.
 * @param buildings the new one last
 */
export function adapt(
  buildings: readonly BuildingRows[],
  prototypes: Float64Array,
  size: BuildingSize,
  random: Rng,
  progress: (done: number) => void,
): ShotFigures {
  const ruled = withRules(buildings, prototypes);
  const [byRules, byBoth] = [
    { name: 'unadapted detector', pick: zeroShotFeatures },
    { name: 'unadapted detector, both features', pick: bothFeatures },
  ].map(({ name, pick }) => unadaptedDetector(name, pick, ruled, random.split('sources'), size.effort));
  const places = ruled.map((rows, b): Place => ({
    daysPerClass: buildings[b]!.daysPerClass,
    rows,
    learned: { ...rows, z0: byBoth!.logits[b]! },
  }));
  const [sources, target] = [places.slice(0, -1), places.at(-1)!];
  const results: { shots: number; methods: MethodScores[] }[] = [];
  for (const [s, shots] of size.shots.entries()) {
    const draw = random.split(`${shots} shots`);
    const validation = sources.flatMap((place, b) =>
      Array.from({ length: size.draws.source }, (_, i) =>
        scoresOn(place, shots, draw.split(`source ${b}`).split(i), size),
      ),
    );
    progress((s + 0.7) / size.shots.length);
    const test = Array.from({ length: size.draws.target }, (_, i) =>
      scoresOn(target, shots, draw.split('target').split(i), size),
    );
    const methods = [...validation[0]!.keys()].map((m): MethodScores => ({
      method: validation[0]![m]!.name,
      settings: validation[0]![m]!.settings.map((setting, i) => ({
        setting,
        validation: meanScore(validation.map((of) => of[m]!.scores[i]!)),
        test: meanScore(test.map((of) => of[m]!.scores[i]!)),
      })),
    }));
    results.push({ shots, methods: [...methods, byRules!.scores, byBoth!.scores] });
    progress((s + 1) / size.shots.length);
  }
  return { results };
}

/** Every method on one draw of shots. */
function scoresOn(
  { daysPerClass, rows, learned }: Place,
  shots: number,
  random: Rng,
  { effort }: BuildingSize,
): { readonly name: string; readonly settings: readonly string[]; readonly scores: readonly Score[] }[] {
  const run = ({ name, settings, learn }: Method, of: Rows) => {
    const own = drawShots({ daysPerClass, rows: of }, shots, random.split('days'));
    const answer = learn(own.shots, random.split('training'), { batch: batchOf(shots), share: effort });
    return { name, settings, scores: answer(own.rest).map((logits) => scoreOf(logits, own.rest)) };
  };
  return [...methodsWith(alphas).map((method) => run(method, rows)), run(amuOnLearned, learned)];
}

/** The rows with the rules' logits, `scale·cos(f₀, prototype)`. */
function withRules(buildings: readonly BuildingRows[], prototypes: Float64Array): Rows[] {
  const at = (scale: number): Rows[] =>
    buildings.map(({ rows }) => ({ ...rows, z0: zeroShotLogits(rows.f0, prototypes, rows.classes, scale) }));
  const losses = scales.map(
    (scale) =>
      meanScore(
        at(scale)
          .slice(0, -1)
          .map((rows) => scoreOf(rows.z0, rows)),
      ).crossEntropy,
  );
  return at(scales[losses.indexOf(Math.min(...losses))]!);
}
