import { meanText } from '../seeds.ts';
import type { StudyConclusion, StudyFigure, StudyOptions, StudyTable } from '../study.ts';
import {
  bestTemperatureClaims,
  demonstrationTrials,
  frontClaims,
  generationClaims,
  generationTrials,
  sampled,
  specificationClaims,
  steered,
} from './claims.ts';
import { decoderName } from './decoders.ts';
import type { Decoder } from './decoders.ts';
import { Measured } from './measured.ts';
import type { Figure } from './measured.ts';
import {
  demonstrated,
  demonstration,
  difficulties,
  gammas,
  generation,
  generationTasks,
  mask,
  partsOf,
} from './plan.ts';

/** Tables, curves and claims from what the cells found. */
export function conclude(
  options: StudyOptions,
  _outcomes: ReadonlyMap<string, unknown>,
  cells: ReadonlyMap<string, unknown>,
): StudyConclusion {
  const measured = new Measured(options, cells);
  const parts = partsOf(options);
  const tasks = parts.includes('generation') ? generationTasks(options) : [];
  const isDemonstrated = parts.includes('demonstration');
  const [demonstrating, generating] = [demonstration(options), generation(options)];
  const trials = { demonstration: demonstrationTrials(options), generation: generationTrials(options) };
  const decoders = (of: readonly Decoder[]): readonly string[] => ['real', ...of.map(decoderName)];
  return {
    claims: [
      ...(isDemonstrated
        ? [
            ...specificationClaims(measured),
            ...bestTemperatureClaims(measured, demonstrated, trials.demonstration.sampling),
            ...frontClaims(measured, trials.demonstration),
          ]
        : []),
      ...(parts.includes('difficulty')
        ? difficulties.flatMap((task) => bestTemperatureClaims(measured, task, trials.demonstration.sampling))
        : []),
      ...tasks.flatMap((task) => generationClaims(measured, task, trials.generation)),
    ],
    tables: [
      ...(isDemonstrated ? [domainTable(measured, demonstrated, decoders(demonstrating))] : []),
      ...tasks.flatMap((task) => [
        domainTable(measured, task, decoders(generating)),
        likenessTable(measured, task, decoders(generating)),
        sampleTable(measured, task, trials.generation.steer),
      ]),
      ...(parts.includes('difficulty') ? [difficultyTable(measured, isDemonstrated)] : []),
    ],
    figures: [
      ...(isDemonstrated ? [frontFigure(measured, demonstrating), gridFigure(measured)] : []),
      ...tasks.map((task) => likenessFigure(measured, task, generating)),
    ],
  };
}

function row(measured: Measured, task: string, decoder: string, figures: readonly Figure[]): string[] {
  return [
    decoder,
    ...figures.map((figure) => meanText(measured.values(task, decoder, figure), figure === 'distinct' ? 1 : 3)),
  ];
}

function domainTable(measured: Measured, task: string, decoders: readonly string[]): StudyTable {
  const figures: Figure[] = [
    'format',
    'coherent',
    'novel',
    'distinct',
    'entropy',
    'normalisedNgrams',
    'diversity',
    'duplicates',
  ];
  return {
    title: `${task}: validity and diversity`,
    columns: [
      'decoder',
      'in the form',
      'coherent',
      'new, coherent, different',
      'coherent combinations',
      'H',
      'normalised 3-grams',
      'diversity',
      'duplicates',
    ],
    rows: decoders.map((decoder) => row(measured, task, decoder, figures)),
    note: 'Shares of all texts of a set. H: entropy of the spread slot over texts of the form, of its largest. `real`: fresh coherent texts. ρ = 0 is the published setting.',
  };
}

function likenessTable(measured: Measured, task: string, decoders: readonly string[]): StudyTable {
  const figures: Figure[] = ['mauve', 'similarity', 'precision', 'recall', 'authenticity', 'auroc'];
  return {
    title: `${task}: likeness to real texts`,
    columns: ['decoder', 'MAUVE', 'cosine of centroids', 'precision', 'recall', 'authenticity', 'adversarial AUROC'],
    rows: decoders.map((decoder) => row(measured, task, decoder, figures)),
    note: 'Features of the base model; see docs/guidance.md. `real` is what a second set of real texts gets: the ceiling. AUROC: 0.5 is ideal.',
  };
}

function sampleTable(measured: Measured, task: string, steer: readonly string[]): StudyTable {
  const names = [sampled(1), measured.chosen(task, steer, 'novel')].filter((name) => name !== undefined);
  return {
    title: `${task}: the first texts of the first seed`,
    columns: ['decoder', 'text'],
    rows: names.flatMap((name) => measured.sample(task, name).map((text) => [name, text])),
    note: 'Not selected.',
  };
}

/** @param usual whether the demonstration itself was done, to stand beside */
function difficultyTable(measured: Measured, usual: boolean): StudyTable {
  const tasks = [...(usual ? [demonstrated] : []), ...difficulties];
  const decoders = [sampled(1), sampled(0.5), sampled(0.3), steered(1.5, 0, mask), steered(1.5, 0.3, mask)];
  return {
    title: 'The demonstration over its difficulty',
    columns: ['difficulty', 'decoder', 'in the form', 'coherent', 'new, coherent, different', 'H'],
    rows: tasks.flatMap((task) =>
      decoders.map((decoder) => [
        task === demonstrated ? 'as specified' : task,
        ...row(measured, task, decoder, ['format', 'coherent', 'novel', 'entropy']),
      ]),
    ),
    note: 'As specified: leak 0.6, examples 150, pairs 1/2, exposure 0.075, base lines incoherent. leak: share of generic lines in what the expert learned from; examples: different ones; pairs: share of the pairs of words that go together; exposure: share of domain lines in what the base learned from.',
  };
}

function average(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function points(
  measured: Measured,
  task: string,
  decoders: readonly (readonly [series: string, decoder: string])[],
  x: Figure,
  y: Figure,
): StudyFigure['points'] {
  return decoders.flatMap(([series, decoder]) => {
    const [at, value] = [average(measured.values(task, decoder, x)), average(measured.values(task, decoder, y))];
    return at === null || value === null ? [] : [{ series, x: at, y: value }];
  });
}

/** Which curve a decoder is a point of. */
function seriesOf(decoders: readonly Decoder[]): (readonly [string, string])[] {
  return decoders.flatMap((decoder): (readonly [string, string])[] => {
    const name = decoderName(decoder);
    if (decoder.kind === 'sampling') return [[`sampling, ${decoder.cut}`, name]];
    if (decoder.kind !== 'steer') return [[decoder.kind, name]];
    return decoder.negatives === undefined
      ? [[`STEER γ ${decoder.setting.gamma}, ρ ${decoder.setting.rho}`, name]]
      : [];
  });
}

function frontFigure(measured: Measured, decoders: readonly Decoder[]): StudyFigure {
  return {
    title: 'Demonstration: validity and diversity',
    x: 'H',
    y: 'coherent share',
    points: points(measured, demonstrated, seriesOf(decoders), 'entropy', 'coherent'),
    note: 'Means over seeds. A curve of STEER runs over η, one of sampling over the temperature. Up and to the right is better.',
  };
}

function likenessFigure(measured: Measured, task: string, decoders: readonly Decoder[]): StudyFigure {
  return {
    title: `${task}: coherence and diversity`,
    x: 'diversity',
    y: 'MAUVE',
    points: points(measured, task, seriesOf(decoders), 'diversity', 'mauve'),
    note: 'Means over seeds. A curve of STEER runs over η, one of sampling over the temperature.',
  };
}

function gridFigure(measured: Measured): StudyFigure {
  return {
    title: 'Demonstration: normalised 3-grams over γ and η, without the mask',
    x: 'γ',
    y: 'normalised 3-grams',
    points: [0, 0.3, 0.6].flatMap((eta) =>
      gammas.flatMap((gamma) => {
        const y = average(measured.values(demonstrated, steered(gamma, eta, 0), 'normalisedNgrams'));
        return y === null ? [] : [{ series: `η ${eta}`, x: gamma, y }];
      }),
    ),
    note: 'Means over seeds.',
  };
}
