import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decodeState, encodeState, stateArray } from '../agents/state.ts';
import { csvText } from '../core/csv.ts';
import { ConfigError } from '../core/errors.ts';
import type { Scenario } from '../core/scenario.ts';
import { hashOf } from '../evaluation/canonical.ts';
import { plannedTraining } from '../evaluation/train.ts';
import type { TrainingRun } from '../evaluation/train.ts';
import type { PolicyFiles } from '../nn/policy.ts';
import type { provenance } from '../server/provenance.ts';
import { replaceFile } from './files.ts';

/** Says which training a folder is of: two that have it in common give the same bits on the same data. */
export function trainingIdentity(scenario: Scenario): string {
  const { district, train, seed, victim } = scenario;
  const { adversary, atla, ...own } = train;
  const against = {
    ...(train.environment === 'adversary' ? { adversary, victim } : {}),
    ...(atla === null ? {} : { adversary, atla }),
    ...taskOf(scenario),
  };
  return hashOf({ district, train: { ...own, ...plannedTraining(train) }, seed, ...against });
}

/** The options of the control task that is trained on, where it is one. */
function taskOf({ task, train }: Scenario): { readonly task?: Readonly<Record<string, unknown>> } {
  return task?.name === train.environment ? { task: task.config } : {};
}

/** A training to go on with. */
export interface Checkpoint {
  /** See `trainingIdentity`. */
  readonly identity: string;
  /** Of the data that it was trained on; null where its environment has none. */
  readonly dataHash: string | null;
  /** CPU time so far. */
  readonly seconds: number;
  readonly training: Uint8Array;
}

/** Writes all that the training needs to continue as one file, which replaces the last one whole: a kill leaves either. */
export function saveCheckpoint(out: string, { identity, dataHash, seconds, training }: Checkpoint): void {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  replaceFile(
    join(out, 'checkpoint.bin'),
    encodeState({ identity: text(identity), data: text(dataHash ?? ''), seconds: Float64Array.of(seconds), training }),
  );
}

/**
 * What the checkpoint of a folder holds.
 * @throws {ConfigError} when there is none or it is of another training; {PolicyFileError} when it is damaged.
 */
export function readCheckpoint(out: string, identity: string): Checkpoint {
  const file = join(out, 'checkpoint.bin');
  if (!existsSync(file)) throw new ConfigError(`there is no checkpoint in ${out}; start without --resume`);
  const state = decodeState(readFileSync(file));
  const text = (name: string): string => new TextDecoder().decode(stateArray(state, name, 'Uint8Array'));
  if (text('identity') !== identity)
    throw new ConfigError(`the checkpoint in ${out} is of another scenario; start without --resume`);
  return {
    identity,
    dataHash: text('data') || null,
    seconds: stateArray(state, 'seconds', 'Float64Array', 1)[0]!,
    training: stateArray(state, 'training', 'Uint8Array'),
  };
}

export function hasCheckpoint(out: string): boolean {
  return existsSync(join(out, 'checkpoint.bin'));
}

export function removeCheckpoint(out: string): void {
  for (const name of ['checkpoint.bin', 'checkpoint.bin.tmp']) rmSync(join(out, name), { force: true });
}

/** How a training ended, with its figures: card.json. */
export type TrainingCard = ReturnType<typeof cardOf>;

/** What the caller has to say of a training. */
export interface CardText {
  readonly name: string;
  readonly title: string | undefined;
  readonly cpuSeconds: number;
  readonly code: ReturnType<typeof provenance>;
  readonly complete: boolean;
}

/** Writes policy.json, policy.safetensors, curve.csv, of an alternation `adversary/`, and card.json, which comes last; returns the card. */
export function writeTraining(out: string, scenario: Scenario, run: TrainingRun, text: CardText): TrainingCard {
  const card = cardOf(scenario, run, text);
  writePolicy(out, run.files(text.name));
  const adversary = join(out, 'adversary');
  if (run.adversaryFiles !== undefined) writePolicy(adversary, run.adversaryFiles(`${text.name}, its adversary`));
  // One of an earlier training there would pass for this one's.
  else for (const name of policyFiles) rmSync(join(adversary, name), { force: true });
  replaceFile(join(out, 'curve.csv'), curveText(run));
  replaceFile(join(out, 'card.json'), `${JSON.stringify(card, null, 2)}\n`);
  return card;
}

const policyFiles = ['policy.safetensors', 'policy.json'] as const;

function writePolicy(folder: string, { card, weights }: PolicyFiles): void {
  const [weightFile, cardFile] = policyFiles;
  replaceFile(join(folder, weightFile), weights);
  replaceFile(join(folder, cardFile), card);
}

/** The card of a folder whose training came to its end, if it is that training; else undefined. */
export function finishedCard(out: string, identity: string): TrainingCard | undefined {
  const file = join(out, 'card.json');
  if (!existsSync(file) || hasCheckpoint(out)) return undefined;
  const card = JSON.parse(readFileSync(file, 'utf8')) as TrainingCard;
  return card.complete && card.training === identity ? card : undefined;
}

function cardOf(scenario: Scenario, run: TrainingRun, text: CardText) {
  const { training } = run;
  const { algorithm, environment } = scenario.train;
  const { lanes, preset } = plannedTraining(scenario.train);
  const onDistrict = environment === 'district' || environment === 'adversary';
  const where = onDistrict ? `${scenario.district.buildings.join(', ')} of ${scenario.district.dataset}` : environment;
  return {
    format: 'faultline-card',
    name: text.name,
    title: text.title ?? `${algorithm} on ${where}`,
    environment,
    algorithm,
    preset,
    config: run.config,
    lanes,
    steps: training.step,
    gradientSteps: training.learner.gradientSteps,
    seed: scenario.seed,
    ...(scenario.train.atla === null ? {} : { atla: scenario.train.atla, adversary: scenario.train.adversary }),
    ...(environment === 'adversary' ? { victim: scenario.victim.policy, adversary: scenario.train.adversary } : {}),
    ...(onDistrict ? { district: scenario.district, dataHash: run.dataHash } : {}),
    ...taskOf(scenario),
    features: { observation: run.observation, action: run.action },
    ...text.code,
    stopped: training.stopped ?? null,
    /** False in the card of a checkpoint. */
    complete: text.complete,
    training: trainingIdentity(scenario),
    // Time is of the machine that trained; everything else is a function of the above.
    speed: {
      cpuSeconds: text.cpuSeconds,
      stepsPerSecond: training.step / text.cpuSeconds,
      gradientStepsPerSecond: training.learner.gradientSteps / text.cpuSeconds,
    },
    clean: text.complete ? run.examine() : (run.best?.metrics ?? {}),
    bestStep: run.best?.step ?? training.step,
  };
}

function curveText({ training: { curve }, curveMetrics }: TrainingRun): string {
  return csvText(['step', 'gradient_steps', 'return', ...curveMetrics], curve.length, (row, column) => {
    const point = curve[row]!;
    if (column < 3) return [point.step, point.gradientSteps, -point.score][column]!;
    return point.metrics[curveMetrics[column - 3]!] ?? null;
  });
}
