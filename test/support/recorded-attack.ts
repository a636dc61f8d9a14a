import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threatModel } from '../../attacks/threat.ts';
import { attackCommand } from '../../cli/command/attack.ts';
import { csvText } from '../../core/csv.ts';
import { headActions } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import { objectives } from '../../attacks/objective/index.ts';
import type { ObjectiveName } from '../../attacks/objective/index.ts';
import { neutral } from '../../logits/neutral.ts';
import { loadPolicy, policyFiles } from '../../nn/policy.ts';
import type { Policy } from '../../nn/policy.ts';
import { policyVictim } from '../../nn/victim.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { districtEnv } from '../../sim/district/district-env.ts';
import { profiles } from '../../sim/district/profile.ts';
import { askOf } from './reference-search.ts';
import { numberColumns } from './shared.ts';
import { opponents, opponentsReach, reached, rowsOf, shortfall } from './strength.ts';
import type { Reached } from './strength.ts';

const modelsDir = join(import.meta.dirname, '..', '..', 'models');

/** What a shipped controller observes from the first hour on, unattacked, in the closed loop. [rows×O] */
export async function recordedObservations(
  policyName: string,
  rows: number,
  { dataset = 'builtin', building = 'Building_1' } = {},
): Promise<Float32Array> {
  const workspace = fileWorkspace({ roots: null, modelsDir });
  const district = await workspace.dataset(dataset, [building]);
  using env = districtEnv({
    district,
    lanes: [{ building: 0 }],
    profile: profiles['v2.0'],
    reward: 'RewardFunction',
    normalisation: 'fixed',
  });
  using policy = openPolicy(join(modelsDir, policyName));
  const victim = policyVictim(policy);
  const recorded = new Float32Array(rows * env.observationSize);
  const action = new Float64Array(victim.actionSize);
  let now = env.reset(rng(0)).observation;
  for (let t = 0; t < rows; t++) {
    recorded.set(now, t * env.observationSize);
    if (t + 1 === rows) break;
    victim.decide(now, 1, action);
    now = env.step(action).observation;
  }
  return recorded;
}

/** Every `stride`-th row, so that few rows see all seasons and hours. */
export function everyRow(x: Float32Array, size: number, stride: number, count: number): Float32Array {
  const chosen = new Float32Array(count * size);
  for (let r = 0; r < count; r++) chosen.set(x.subarray(r * stride * size, (r * stride + 1) * size), r * size);
  return chosen;
}

/**
 * Writes a shipped policy whose logits are `factor` times as large; means are stretched about where an action is idle, so that every decision
 * keeps its side. Returns the folder.
 */
export function stretchedPolicy(policyName: string, factor: number, scratch: string): string {
  using policy = openPolicy(join(modelsDir, policyName));
  const { card, network } = policy;
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  const { inputs, outputs } = card.layers.at(-1)!;
  const stretched = card.head.kind === 'categorical' ? outputs : headActions(card.head);
  const weights = network.size - (inputs + 1) * outputs;
  for (let line = 0; line <= inputs; line++)
    for (let k = 0; k < stretched; k++) parameters[weights + line * outputs + k]! *= factor;
  if (card.head.kind !== 'categorical')
    for (let b = 0; b < stretched; b++) parameters[network.size - outputs + b]! += (1 - factor) * neutral(card.head, b);
  const files = policyFiles({ ...card, name: `${policyName}-times-${factor}` }, parameters);
  const folder = join(scratch, `${policyName}-times-${factor}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'policy.json'), files.card);
  writeFileSync(join(folder, 'policy.safetensors'), files.weights);
  return folder;
}

function openPolicy(folder: string): Policy {
  return loadPolicy(
    readFileSync(join(folder, 'policy.json'), 'utf8'),
    readFileSync(join(folder, 'policy.safetensors')),
    folder,
  );
}

/** What `faultline attack` wrote, row by row, and what its result says. */
export interface CommandOutcome {
  readonly adversarial: Float32Array;
  readonly result: { readonly gradients: number; readonly success: { readonly rate: number | null } };
}

/** `faultline attack` on recorded rows, in this process: a CSV in, adversarial.csv and result.json out. */
export async function attackRecorded(
  folder: string,
  scratch: string,
  x: Float32Array,
  attack: string,
  config: object,
  threat: object,
): Promise<CommandOutcome> {
  using policy = openPolicy(folder);
  const names = policy.card.observation.features.map(({ name }) => name);
  const size = names.length;
  const observations = join(scratch, 'observations.csv');
  writeFileSync(
    observations,
    csvText(names, x.length / size, (row, column) => x[row * size + column]!),
  );
  const out = join(scratch, 'out');
  const texts = { config: JSON.stringify(config), threat: JSON.stringify(threat) };
  const args = Object.entries({ policy: folder, observations, attack, out, backend: 'kernel', ...texts });
  const deaf = listeners();
  await attackCommand().parseAsync(
    args.flatMap(([name, value]) => [`--${name}`, value]),
    { from: 'user' },
  );
  // A command listens for interruptions to the end of its process, and lets go of the channel to who started it; this process goes on.
  process.channel?.ref();
  for (const { signal, heard } of listeners())
    if (!deaf.some((other) => other.heard === heard)) process.off(signal, heard);
  const columns = numberColumns(join(out, 'adversarial.csv'));
  const adversarial = Float32Array.from(x, (_, i) => columns[names[i % size]!]![Math.floor(i / size)]!);
  return {
    adversarial,
    result: JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as CommandOutcome['result'],
  };
}

const listeners = () =>
  (['SIGINT', 'SIGTERM', 'disconnect'] as NodeJS.Signals[]).flatMap((signal) =>
    process.listeners(signal).map((heard) => ({ signal, heard })),
  );

/** One of our attacks beside its independent opponents. */
export interface Comparison {
  readonly attack: keyof typeof opponents;
  readonly gradientsPerRow: number;
  readonly clean: Reached;
  readonly ours: Reached;
  readonly theirs: Readonly<Record<string, Reached>>;
  /** The largest of what any opponent reaches beyond ours. */
  readonly behind: Reached;
  /** The share of changed decisions that result.json has, and what the policy decides on adversarial.csv; null on a continuous head. */
  readonly changed: { readonly said: number | null; readonly seen: number | null };
}

/**
 * Ours through the command and theirs on the same weights, rows and number of gradients. Both are judged alike: by what the policy's own
 * float32 network says of the points that they hand out.
 * @param alone each row is a file of its own
 */
export async function compare(setup: {
  readonly folder: string;
  readonly scratch: string;
  readonly x: Float32Array;
  readonly objective: ObjectiveName;
  readonly gradients: number;
  readonly threat: { readonly preset: string };
  readonly attacks: readonly (keyof typeof opponents)[];
  readonly alone?: boolean;
}): Promise<Comparison[]> {
  const { folder, scratch, x, objective, gradients, threat, attacks, alone = false } = setup;
  using policy = openPolicy(folder);
  const { head, observation } = policy.card;
  const victim = policyVictim(policy);
  const size = victim.observationSize;
  const rows = x.length / size;
  const ask = askOf(victim, objectives[objective], x);
  const all = opponentsReach(ask, x, threatModel(threat, observation.features), gradients, attacks);
  const clean = reached(ask(rowsOf(x, size)).value);
  const decide = (points: Float32Array): Float64Array => {
    const action = new Float64Array(rows * victim.actionSize);
    victim.decide(points, rows, action);
    return action;
  };
  const before = decide(x);
  const comparisons: Comparison[] = [];
  for (const attack of attacks) {
    const batches = alone ? rowsOf(x, size).map((row) => Float32Array.from(row)) : [x];
    const outcomes: CommandOutcome[] = [];
    for (const batch of batches)
      outcomes.push(await attackRecorded(folder, scratch, batch, attack, { objective, steps: gradients }, threat));
    const adversarial = new Float32Array(x.length);
    outcomes.forEach((outcome, k) => adversarial.set(outcome.adversarial, k * (batches[0]?.length ?? 0)));
    const ours = reached(ask(rowsOf(adversarial, size)).value);
    const theirs = Object.fromEntries(opponents[attack].map((name) => [name, all[name]!]));
    const behind = Object.values(theirs).map((other) => shortfall(ours, other, clean));
    const onBins = head.kind === 'categorical';
    const after = decide(adversarial);
    comparisons.push({
      attack,
      gradientsPerRow: outcomes.reduce((sum, { result }) => sum + result.gradients, 0) / rows,
      clean,
      ours,
      theirs,
      behind: {
        success: Math.max(...behind.map(({ success }) => success)),
        mean: Math.max(...behind.map(({ mean }) => mean)),
      },
      changed: {
        said: onBins ? outcomes.reduce((sum, { result }) => sum + result.success.rate!, 0) / outcomes.length : null,
        seen: onBins ? after.filter((value, r) => value !== before[r]).length / rows : null,
      },
    });
  }
  return comparisons;
}
