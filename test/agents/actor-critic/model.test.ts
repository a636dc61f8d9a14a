import { describe, expect, it } from 'vitest';
import { ActorCritic } from '../../../agents/actor-critic/model.ts';
import type { PolicyLoss } from '../../../agents/actor-critic/model.ts';
import type { ActorCriticConfig } from '../../../agents/actor-critic/options.ts';
import { ppoConfig } from '../../../agents/ppo/config.ts';
import { FreeParameters } from '../../../agents/free-parameters.ts';
import type { Trainable } from '../../../agents/free-parameters.ts';
import { ObservationStatistics } from '../../../agents/observation-statistics.ts';
import { rng } from '../../../core/rng.ts';
import type { Feature } from '../../../core/space.ts';
import type { Network } from '../../../nn/network.ts';
import { loadPolicy, policyFiles } from '../../../nn/policy.ts';
import { policyVictim } from '../../../nn/victim.ts';

const features = (count: number, low: number, high: number): Feature[] =>
  Array.from({ length: count }, (_, i) => ({ name: `f${i}`, unit: '1', low, high }));
const spaces = (actions: number) => ({
  numEnvs: 2,
  observationSpace: { kind: 'box', features: features(3, 0, 1) } as const,
  actionSpace: { kind: 'box', features: features(actions, -2, 6) } as const,
});
const rows = 12;
const config = (options: object): ActorCriticConfig => ppoConfig.parse({ net_arch: [6, 5], ...options });
const make = (options: object, actions = 2, statistics?: ObservationStatistics): ActorCritic =>
  new ActorCritic('test', config(options), spaces(actions), rows, rng(3), statistics);

/** Fills the minibatch with random rows whose actions the policy might have drawn. */
function fill(model: ActorCritic, seed = 8): void {
  const draw = rng(seed);
  const { batch } = model;
  batch.size = rows;
  for (let i = 0; i < batch.x.length; i++) batch.x[i] = draw.normal();
  for (let i = 0; i < batch.action.length; i++)
    batch.action[i] = model.actor.policy.head.kind === 'categorical' ? draw.int(4) : draw.normal();
  for (let i = 0; i < rows; i++) {
    batch.value[i] = draw.normal();
    batch.target[i] = draw.normal();
    batch.advantage[i] = draw.normal();
  }
}

/** `−mean Â·log π`. */
const gradientLoss: PolicyLoss<{ readonly policyLoss: number }> = ({ advantage, size }, logProb, slope) => {
  let policyLoss = 0;
  for (let row = 0; row < size; row++) {
    slope[row] = -advantage[row]!;
    policyLoss -= (advantage[row]! * logProb[row]!) / size;
  }
  return { policyLoss };
};

/** The whole loss, with nothing moved. */
function lossOf(model: ActorCritic, { ent_coef, vf_coef }: ActorCriticConfig): number {
  const { policyLoss, valueLoss, entropy } = model.step(gradientLoss, { clipValue: Infinity, optimise: () => {} })!;
  return policyLoss + vf_coef * valueLoss - ent_coef * entropy;
}

const variants: readonly (readonly [string, object, number])[] = [
  ['categorical', { bins: 4, ent_coef: 0.1 }, 1],
  ['Gaussian', { ent_coef: 0.1 }, 2],
  ['gSDE', { ent_coef: 0.1, use_sde: true }, 2],
];

describe.each(variants)('actor and critic, %s', (_name, options, actions) => {
  it('have the gradient of their loss in every network', () => {
    using model = make(options, actions);
    fill(model);
    const networks = [...model.actor.parts, model.critic].filter((part): part is Network => 'readGradients' in part);
    lossOf(model, config(options));
    for (const [n, network] of networks.entries()) {
      const gradient = new Float32Array(network.size);
      network.readGradients(gradient);
      const parameters = new Float32Array(network.size);
      network.readParameters(parameters);
      const step = 1 / 64;
      const at = (index: number, value: number): number => {
        const moved = parameters.slice();
        moved[index] = value;
        network.writeParameters(moved);
        return lossOf(model, config(options));
      };
      // gSDE's noise passes no gradient to the trunk, which its density depends on: there the loss has more slope than is followed.
      if ('use_sde' in options && n === 0) continue;
      for (let i = 0; i < network.size; i += 5) {
        const slope = (at(i, parameters[i]! + step) - at(i, parameters[i]! - step)) / (2 * step);
        expect(gradient[i]).toBeCloseTo(slope, 3);
      }
      network.writeParameters(parameters);
    }
  });

  it('clip one norm over all parts', () => {
    using model = make({ ...options, max_grad_norm: 0.05 }, actions);
    fill(model);
    const scales: number[] = [];
    const parts: Trainable[] = [];
    const stats = model.step(gradientLoss, {
      clipValue: Infinity,
      optimise: (part, scale) => {
        scales.push(scale);
        parts.push(part);
      },
    })!;
    expect(parts).toEqual([...model.actor.parts, model.critic]);
    expect(stats.gradientNorm).toBeCloseTo(Math.hypot(...parts.map((part) => part.gradientNorm())), 10);
    expect(new Set(scales).size).toBe(1);
    expect(scales[0]! * stats.gradientNorm).toBeCloseTo(0.05, 5);
  });

  it('give a policy whose files decide as it does, to the last bit, behind its statistics', () => {
    const statistics = new ObservationStatistics(3, { clip_obs: 1.5, epsilon: 1e-8 });
    using model = make(options, actions, statistics);
    const draw = rng(4);
    const x = Float32Array.from({ length: 3 * 40 }, () => 0.3 + 2 * draw.normal());
    statistics.observe(x, 40);
    const { policy } = model.actor;
    const files = policyFiles(
      {
        name: 'test',
        observation: { features: features(3, 0, 1), normalisation: 'raw', normaliser: policy.normaliser!() },
        action: { features: features(actions, -2, 6) },
        head: policy.head,
        layers: policy.layers,
      },
      policy.parameters(),
    );
    using loaded = loadPolicy(files.card, files.weights, 'test');
    const theirs = new Float64Array(40 * actions);
    const ours = new Float64Array(40 * actions);
    for (const turn of [0, 1]) {
      policy.decide(x, 40, ours);
      policyVictim(loaded).decide(x, 40, theirs);
      if (turn === 0) expect(ours).toEqual(theirs);
      else expect(ours).not.toEqual(theirs); // it reads the weights of the moment
      fill(model);
      model.step(gradientLoss, {
        clipValue: Infinity,
        optimise: (part) => part.adam({ learningRate: 1 }),
      });
    }
  });
});

describe('a Gaussian actor', () => {
  it('ships its mean on the unit scale beside its log deviation', () => {
    using model = make({ log_std_init: -0.7 }, 2);
    const { layers, head } = model.actor.policy;
    expect(head).toEqual({ kind: 'gaussian', low: [-2, -2], high: [6, 6] });
    const last = layers.at(-1)!;
    expect([last.inputs, last.outputs]).toEqual([5, 4]);
    const bias = model.actor.policy.parameters().slice(-4);
    expect(bias.slice(0, 2)).toEqual(Float32Array.of(0.5, 0.5)); // the mean starts in the middle
    expect(bias[2]).toBeCloseTo(-0.7 - Math.LN2, 6); // half as wide a scale
    expect(
      model.actor.policy
        .parameters()
        .slice(-4 - 4, -4)
        .slice(2),
    ).toEqual(new Float32Array(2));
  });

  it('keeps its draw as it was and clips it for the environment only', () => {
    using model = make({ log_std_init: 1 }, 2);
    const action = new Float32Array(4);
    const logProb = new Float64Array(2);
    const physical = new Float64Array(4);
    const x = new Float32Array(6);
    const stream = rng(0);
    let beyond = 0;
    for (let n = 0; n < 50; n++) {
      model.actor.sample(x, stream, action, logProb);
      model.actor.physical(action, physical);
      for (let i = 0; i < 4; i++) {
        beyond += Math.abs(action[i]!) > 1 ? 1 : 0;
        expect(physical[i]).toBe(-2 + ((Math.min(1, Math.max(-1, action[i]!)) + 1) / 2) * 8);
      }
      const again = new Float64Array(2);
      model.actor.evaluate(x, 2, action, again, new Float64Array(2));
      expect(again).toEqual(logProb);
    }
    expect(beyond).toBeGreaterThan(100); // of 200 with deviation e
  });
});

describe('the critic', () => {
  it('learns nothing from a value beyond the clip, and is charged the clipped one', () => {
    using model = make({ bins: 4 }, 1);
    fill(model);
    model.critic.writeParameters(new Float32Array(model.critic.size)); // every value is 0
    model.batch.value.fill(-0.5);
    model.batch.target.fill(1);
    const step = (clipValue: number) => {
      const { valueLoss } = model.step(gradientLoss, { clipValue, optimise: () => {} })!;
      return { valueLoss, norm: model.critic.gradientNorm() };
    };
    expect(step(Infinity).valueLoss).toBeCloseTo(1, 6);
    expect(step(Infinity).norm).toBeGreaterThan(0.1);
    expect(step(0.6).norm).toBe(step(Infinity).norm);
    expect(step(0.2)).toEqual({ valueLoss: expect.closeTo(1.3 ** 2, 6) as number, norm: 0 });
  });
});

describe('free parameters', () => {
  it('step as a network’s do', () => {
    // Adam's first step is the learning rate against the sign; RMSprop's divides by √(0.99 + 0.01·g² + ε).
    const adam = new FreeParameters(2, 1);
    adam.gradient.set([3, -0.5]);
    expect(adam.adam({ learningRate: 0.1 })).toBeCloseTo(Math.hypot(3, 0.5), 12);
    expect([...adam.values]).toEqual([expect.closeTo(0.9, 7) as number, expect.closeTo(1.1, 7) as number]);
    const rmsprop = new FreeParameters(1, 0);
    rmsprop.gradient[0] = 2;
    rmsprop.rmsprop({ learningRate: 0.1, gradientScale: 0.5 });
    expect(rmsprop.values[0]).toBeCloseTo(-0.1 / Math.sqrt(1 + 1e-5), 12);
  });
});
