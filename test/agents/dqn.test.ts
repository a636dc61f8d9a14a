import { describe, expect, it } from 'vitest';
import { transitionBatch } from '../../agents/buffer/replay.ts';
import { dqnConfig } from '../../agents/dqn/config.ts';
import { Dqn } from '../../agents/dqn/dqn.ts';
import { duellingQNetwork } from '../../agents/dqn/duelling.ts';
import type { LearnerSpaces } from '../../agents/learner.ts';
import { huber } from '../../agents/loss/huber.ts';
import { rng } from '../../core/rng.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';

describe('Huber loss', () => {
  it('is half the square near the target and linear beyond, on the chosen values only', () => {
    const q = Float32Array.of(1, 2, 3, -1, 0, 1);
    const gradient = new Float32Array(6).fill(9);
    const loss = huber(q, 2, 3, Float32Array.of(1, 0), Float32Array.of(1.5, 2), gradient);
    expect(loss).toBeCloseTo((0.5 * 0.25 + (3 - 0.5)) / 2, 6); // errors 0.5 and −3
    expect([...gradient]).toEqual([0, 0.25, 0, -0.5, 0, 0]);
  });

  it('has the gradient of its loss on both sides of the bend', () => {
    const rows = 12;
    const draw = rng(3);
    const q = Float32Array.from({ length: rows * 2 }, () => 2 * draw.normal());
    const chosen = Float32Array.from({ length: rows }, () => draw.int(2));
    const target = new Float32Array(rows);
    const loss = (): number => huber(q, rows, 2, chosen, target, new Float32Array(rows * 2));
    const gradient = new Float32Array(rows * 2);
    huber(q, rows, 2, chosen, target, gradient);
    const step = 1 / 512;
    for (const [i, value] of q.entries()) {
      q[i] = value + step;
      const above = loss();
      q[i] = value - step;
      const below = loss();
      q[i] = value;
      expect(gradient[i]).toBeCloseTo((above - below) / (2 * step), 3);
    }
  });
});

const inputs = 4;
const actions = 3;

function streams(): readonly [Network, Network, Network] {
  const made = [mlp([inputs, 6, 5], 'tanh', 'tanh'), mlp([5, 4, 1], 'tanh'), mlp([5, 4, actions], 'tanh')].map(
    (layers, i) => {
      const network = createNetwork(layers);
      initialise(network, rng(i), { kind: 'torch-linear' });
      return network;
    },
  );
  return made as unknown as readonly [Network, Network, Network];
}

describe('duelling network', () => {
  const rows = 7;
  const draw = rng(5);
  const x = Float32Array.from({ length: rows * inputs }, () => draw.normal());

  it('adds the value to the advantages less their mean', () => {
    // Trunk and streams of one linear layer: h = x, V = 2x, A = (x, 3x, −x).
    const [trunk, value, advantage] = (
      [
        [1, 1],
        [1, 1],
        [1, 3],
      ] as const
    ).map((widths) =>
      // prettier-ignore
      createNetwork(mlp(widths, 'linear')),
    ) as [Network, Network, Network];
    trunk.writeParameters(Float32Array.of(1, 0));
    value.writeParameters(Float32Array.of(2, 0));
    advantage.writeParameters(Float32Array.of(1, 3, -1, 0, 0, 0));
    const q = new Float32Array(3);
    duellingQNetwork(trunk, value, advantage).forward(Float32Array.of(2), 1, q);
    [4 + 2 - 2, 4 + 6 - 2, 4 - 2 - 2].forEach((expected, k) => expect(q[k]).toBeCloseTo(expected, 5));
  });

  it('has the gradients of its parts', () => {
    const network = duellingQNetwork(...streams());
    const weight = Float32Array.from({ length: rows * actions }, () => draw.normal());
    const q = new Float32Array(rows * actions);
    const loss = (): number => {
      network.forward(x, rows, q);
      return q.reduce((sum, value, i) => sum + value * weight[i]!, 0);
    };
    loss();
    network.backward(weight, rows);
    const step = 1 / 256;
    for (const part of network.parts) {
      const gradient = new Float32Array(part.size);
      part.readGradients(gradient);
      const parameters = new Float32Array(part.size);
      part.readParameters(parameters);
      for (const [i, value] of parameters.entries()) {
        const at = (moved: number): number => {
          parameters[i] = moved;
          part.writeParameters(parameters);
          return loss();
        };
        const slope = (at(value + step) - at(value - step)) / (2 * step);
        at(value);
        expect(gradient[i]).toBeCloseTo(slope, 2);
      }
    }
  });

  it('is the same function as the plain network that is stored', () => {
    const { readable } = duellingQNetwork(...streams());
    const parameters = new Float32Array(readable.size);
    readable.readParameters(parameters);
    using plain = createNetwork(readable.layers);
    plain.writeParameters(parameters);
    const own = new Float32Array(rows * actions);
    const stored = new Float32Array(rows * actions);
    readable.forward(x, rows, own);
    plain.forward(x, rows, stored);
    for (const [i, value] of own.entries()) expect(stored[i]).toBeCloseTo(value, 6);
    expect(new Set(own).size).toBe(own.length);
  });
});

describe('DQN', () => {
  const spaces: LearnerSpaces = {
    numEnvs: 2,
    observationSpace: { kind: 'box', features: [{ name: 'x', unit: '1', low: 0, high: 1 }] },
    actionSpace: { kind: 'box', features: [{ name: 'a', unit: '1', low: -1, high: 1 }] },
  };

  /** The loss tells the target: one row, reward 0, everything at x = 1, q(x, ·) = `online`, q̄(x, ·) = `target`. */
  function lossOf(more: object, terminated: boolean, online: readonly number[], target: readonly number[]): number {
    const config = dqnConfig.parse({ bins: 2, net_arch: [1], batch_size: 1, gamma: 0.5, ...more });
    using dqn = new Dqn(config, spaces, rng(0));
    // Hidden unit 1·x, its two outgoing weights are the values.
    dqn.restore({
      ...dqn.save(),
      'online.0.weights': Float32Array.of(1, 0, ...online, 0, 0),
      'target.0.weights': Float32Array.of(1, 0, ...target, 0, 0),
    });
    const batch = transitionBatch(1, 1, 1);
    batch.observation[0] = 1;
    batch.nextObservation[0] = 1;
    batch.reward[0] = 0.25;
    batch.terminated[0] = terminated ? 1 : 0;
    const metrics = dqn.update(batch, { learningRate: 1e-3, rewardFactor: 2, rng: rng(0) });
    return metrics['loss']!;
  }

  it('bootstraps from the best value of the target network', () => {
    expect(lossOf({}, false, [0.1, 0.4], [0.8, 0.2])).toBeCloseTo(0.5 * (0.5 + 0.5 * 0.8 - 0.1) ** 2, 6);
    expect(lossOf({}, true, [0.1, 0.4], [0.8, 0.2])).toBeCloseTo(0.5 * (0.5 - 0.1) ** 2, 6);
  });

  it('doubled, from the target’s value of the online network’s best', () => {
    expect(lossOf({ double: true }, false, [0.1, 0.4], [0.8, 0.2])).toBeCloseTo(0.5 * (0.5 + 0.5 * 0.2 - 0.1) ** 2, 6);
  });

  it('explores at a rate that falls linearly over the first part of the training', () => {
    const config = dqnConfig.parse({ bins: 5, exploration_fraction: 0.2, exploration_final_eps: 0.1 });
    using dqn = new Dqn(config, spaces, rng(1));
    const draws = rng(2);
    const x = Float32Array.of(0.3, 0.9);
    const action = new Float32Array(2);
    const decided = new Float64Array(2);
    dqn.policy.decide(x, 2, decided);
    for (const [progress, rate] of [
      [0, 1],
      [0.1, 0.55],
      [0.2, 0.1],
      [1, 0.1],
    ] as const) {
      // prettier-ignore
      let other = 0;
      for (let i = 0; i < 2000; i++) {
        dqn.explore(x, 2, { progress, rng: draws }, action);
        for (let lane = 0; lane < 2; lane++) if (action[lane]! / 2 - 1 !== decided[lane]) other++;
      }
      expect(other / 4000).toBeCloseTo(0.8 * rate, 1.3); // a random action is the best one every fifth time
    }
  });

  it('moves the target network every target_update_interval steps over all lanes', () => {
    using dqn = new Dqn(dqnConfig.parse({ target_update_interval: 10, tau: 1 }), spaces, rng(1));
    const online = dqn.save()['online.0.weights']!.map(() => 0.5) as Float32Array;
    dqn.restore({ ...dqn.save(), 'online.0.weights': online });
    const moved = (): boolean => dqn.save()['target.0.weights']![0] === 0.5;
    for (let call = 1; call < 5; call++) dqn.stepped(call);
    expect(moved()).toBe(false);
    dqn.stepped(5);
    expect(moved()).toBe(true);
  });
});
