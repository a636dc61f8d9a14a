import { ConfigError, PolicyFileError } from '../core/errors.ts';
import type { Head } from '../core/policy.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Box } from '../core/space.ts';
import { toPhysical } from '../core/space.ts';
import type { DecisionAccess, GradientAccess } from '../core/victim.ts';
import { readOnnxModel } from '../nn/import/onnx/model.ts';
import { traceGraph } from '../nn/import/onnx/trace.ts';
import type { VictimSource } from './workspace.ts';

/** What a scenario says of its victim beside its name. */
export type VictimOptions = Omit<Scenario['victim'], 'policy'>;

/** A controller that is only asked, by whatever the entry point reaches it with. */
export interface BlackBox extends Disposable {
  /** SHA-256 of the model, or of the address. */
  readonly hash: string;
  /** What it reads: features from 0 to 1, or their physical values. */
  readonly units: 'normalised' | 'physical';
  /** @param observations [rows×O]  @param action [rows×A] physical */
  decide(observations: Float64Array, rows: number, action: Float64Array): void;
}

/** The spaces of one lane: a building's own. */
export interface LaneSpaces {
  readonly observation: Box;
  readonly action: Box;
}

/** A black box as a victim: all lanes in one question, for each question costs. */
export function blackBoxSource(name: string, box: BlackBox): VictimSource {
  const together = (lanes: readonly LaneSpaces[]): DecisionAccess => asked(box, lanes);
  return {
    name,
    hash: box.hash,
    network: null,
    features: [],
    normalisation: null,
    open: (observation, action) => together([{ observation, action }]),
    together,
    close: () => box[Symbol.dispose](),
  };
}

function asked(box: BlackBox, lanes: readonly LaneSpaces[]): DecisionAccess {
  const size = lanes[0]!.observation.features.length;
  const actions = lanes[0]!.action.features.length;
  let observations = new Float64Array(0);
  return {
    observationSize: size,
    actionSize: actions,
    // Row r is of lane of[r], or else of lane r, or where there are more rows than lanes, of lane r mod the number of lanes.
    decide(x, rows, action, of) {
      if (observations.length !== rows * size) observations = new Float64Array(rows * size);
      for (let row = 0, at = 0; row < rows; row++) {
        const { features } = lanes[(of?.[row] ?? row) % lanes.length]!.observation;
        for (let i = 0; i < size; i++, at++)
          observations[at] = box.units === 'physical' ? toPhysical(features[i]!, x[at]!) : x[at]!;
      }
      box.decide(observations, rows, action.subarray(0, rows * actions));
    },
  };
}

/**
 * A victim without a network as the attack engine sees it: no logits and no gradients.
 *
 * Without `ask` there is nothing to ask either: a rule may count its own calls (bang-bang) or draw (random), and a question to a black
 * box costs, so that judging a decision on an extra query would disturb the one and charge the other; verdicts stay 0 and the lane
 * meter leaves them out.
 */
export function opaqueVictim(name: string, { observation, action }: LaneSpaces, ask?: DecisionAccess): GradientAccess {
  const refuse = (): never => {
    throw new ConfigError(`'${name}' is no network of ours: it has no logits and no gradients`);
  };
  const head: Head = {
    kind: 'deterministic',
    low: action.features.map((feature) => feature.low),
    high: action.features.map((feature) => feature.high),
  };
  return {
    observationSize: observation.features.length,
    actionSize: action.features.length,
    logitsSize: 0,
    head,
    decide: (x, rows, out, of) => (ask === undefined ? void out.fill(0) : ask.decide(x, rows, out, of)),
    logits: refuse,
    valueAndGradient: refuse,
  };
}

/**
 * Whether an ONNX model can be a policy of ours.
 * @throws {PolicyFileError} when it is no ONNX model
 */
export function isImportable(bytes: Uint8Array, file: string): boolean {
  const graph = readOnnxModel(bytes, file);
  try {
    traceGraph(graph, graph.outputs[0]?.name ?? '');
    return true;
  } catch (error) {
    if (error instanceof PolicyFileError) return false;
    throw error;
  }
}
