import { rng } from '../core/rng.ts';
import { scenarioFrom } from '../core/scenario.ts';
import type { Feature } from '../core/space.ts';
import type { GradientAccess, Objective } from '../core/victim.ts';
import { ConfigError } from '../core/errors.ts';
import { binned } from '../logits/scaling-law/binned.ts';
import type { Response } from '../logits/scaling-law/response.ts';
import { openDistrict } from './district.ts';
import { recordings } from './rehearsal.ts';
import { schema } from './vocabulary.ts';
import { kindOf } from './workspace.ts';
import type { Workspace } from './workspace.ts';

/** A policy, with what it observed while it controlled a building. */
export interface RecordedPolicy extends Disposable {
  readonly victim: GradientAccess;
  /** Its logits; of a continuous head those of `actionBins` bins. */
  readonly response: Response;
  readonly features: readonly Feature[];
  /** [N×O] normalised, a clean episode */
  readonly x: Float32Array;
}

/** Bins that a continuous head is read as: as many as the discrete policies have. */
const actionBins = 20;

/**
 * Opens a policy and lets it control a building, unattacked, for so many steps.
 * @throws {ConfigError} for what is no network with logits of its own
 */
export async function recordedPolicy(
  name: string,
  building: string,
  steps: number,
  workspace: Workspace,
  dataset = 'builtin',
): Promise<RecordedPolicy> {
  const source = await workspace.victim(name);
  const { network } = source;
  if (network === null)
    throw new ConfigError(`'${source.name}' is ${kindOf(source)}: only a network has logits`, {
      place: { path: '/victim/policy' },
    });
  const district = { dataset, buildings: [building], normalisation: source.normalisation ?? 'fixed' };
  const scenario = scenarioFrom({ district, victim: { policy: name }, attacks: [{ name: 'none' }] }, name, schema);
  const opened = await openDistrict(scenario, workspace, 1, [0]);
  using _env = opened.env;
  const { observation } = recordings({
    source,
    buildings: [building],
    open: () => opened.rehearsal(),
    controller: rng(0).split('controller'),
    environment: rng(0).split('environment'),
  })(steps);
  const { head } = network;
  const raw = victimResponse(network);
  return {
    victim: network,
    response: head.kind === 'categorical' ? raw : binned(raw, head, actionBins),
    features: source.features,
    x: observation,
    [Symbol.dispose]: () => source.close?.(),
  };
}
/** A victim's logits and their pulled-back covectors, asked for as an attack asks: by an objective that is linear in the logits. */
export function victimResponse(victim: GradientAccess): Response {
  let x = new Float32Array(0);
  let values = new Float32Array(0);
  const nothing = new Float64Array(0);
  return {
    inputs: victim.observationSize,
    outputs: victim.logitsSize,
    forward(shown, rows, out) {
      x = shown.slice(0, rows * victim.observationSize);
      victim.logits(x, rows, out);
    },
    backwardInput(dOut, rows, dX) {
      if (values.length < rows) values = new Float32Array(rows);
      const linear: Objective = {
        name: 'covector',
        check: () => undefined,
        evaluate(_head, _logits, _goal, count, value, gradient) {
          value.fill(0, 0, count);
          gradient.set(dOut.subarray(0, count * victim.logitsSize));
        },
      };
      const goal = { x, clean: dOut, side: new Int8Array(rows), action: nothing };
      victim.valueAndGradient({ objective: linear, goal }, x, rows, values, dX);
    },
  };
}
