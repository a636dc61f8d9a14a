import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { childNetwork, inputScale } from '../../../logits/scaling-law/search/child.ts';
import { controller } from '../../../logits/scaling-law/search/controller.ts';
import { searchArchitectures } from '../../../logits/scaling-law/search/search.ts';
import {
  architectureOf,
  nameOf,
  optionCounts,
  parametersOf,
  randomChoice,
} from '../../../logits/scaling-law/search/space.ts';
import { trainClassifier } from '../../../logits/scaling-law/train.ts';

const choices = fc.tuple(...optionCounts.map((count) => fc.nat(count - 1)));

describe('search space', () => {
  it('gives choices that differ in what they decide other names, and others the same', () => {
    fc.assert(
      fc.property(choices, choices, (a, b) => {
        const same = JSON.stringify(architectureOf(a)) === JSON.stringify(architectureOf(b));
        expect(nameOf(architectureOf(a)) === nameOf(architectureOf(b))).toBe(same);
      }),
    );
    const shallow = [0, 1, 2, 3, 0, 0, 0, 0];
    expect(nameOf(architectureOf(shallow))).toBe(nameOf(architectureOf([0, 1, 0, 0, 0, 0, 0, 0])));
  });

  it('counts parameters by hand', () => {
    const plain = { widths: [16, 32], activation: 'relu', residual: false, normalise: false } as const;
    expect(parametersOf({ ...plain, head: 'linear' }, 40, 10)).toBe(41 * 16 + 17 * 32 + 33 * 10);
    expect(parametersOf({ ...plain, head: 'cosine' }, 40, 10)).toBe(41 * 16 + 17 * 32 + 32 * 10);
  });

  it('refuses what is no choice', () => {
    expect(() => architectureOf([0, 0])).toThrow(ConfigError);
    expect(() => architectureOf([3, 0, 0, 0, 0, 0, 0, 0])).toThrow('below');
  });
});

describe('child networks', () => {
  const inputs = 5;
  const classes = 3;
  const data = (seed: number, rows: number): Float32Array => {
    const random = rng(seed);
    return Float32Array.from({ length: rows * inputs }, () => 1 + 2 * random.normal());
  };

  it('have the input gradient that differences give, whatever they are made of', () => {
    fc.assert(
      fc.property(choices, fc.nat(1000), (choice, seed) => {
        // Smooth ones only: a difference must cross no kink.
        const architecture = {
          ...architectureOf(choice),
          activation: choice[4]! % 2 === 0 ? 'tanh' : 'softplus',
        } as const;
        const x = data(seed, 2);
        using child = childNetwork(architecture, inputs, classes, inputScale(data(0, 50), inputs), rng(seed));
        const z = new Float32Array(2 * classes);
        const dOut = Float32Array.from({ length: 2 * classes }, (_, i) => Math.cos(i + seed));
        const dX = new Float32Array(x.length);
        child.forward(x, 2, z);
        child.backwardInput(dOut, 2, dX);
        const again = new Float32Array(x.length);
        child.backwardInput(dOut, 2, again);
        expect(again).toEqual(dX);
        const value = (at: number, step: number): number => {
          const moved = Float32Array.from(x);
          moved[at]! += step;
          child.forward(moved, 2, z);
          return z.reduce((sum, logit, k) => sum + dOut[k]! * logit, 0);
        };
        for (let i = 0; i < x.length; i++) {
          const quotient = (value(i, 5e-3) - value(i, -5e-3)) / 1e-2;
          expect(Math.abs(quotient - dX[i]!)).toBeLessThan(0.01 * Math.max(1, Math.abs(quotient)));
        }
      }),
      { numRuns: 15 },
    );
  });

  it('add a layer’s input where it is as wide, and see no scale of the last layer through a cosine', () => {
    const plain = { widths: [16, 16], activation: 'tanh', residual: false, normalise: false, head: 'linear' } as const;
    const out = (architecture: Parameters<typeof childNetwork>[0], scale = 1): Float32Array => {
      using child = childNetwork(architecture, inputs, classes, inputScale(data(0, 50), inputs), rng(1));
      const z = new Float32Array(classes);
      child.forward(
        data(2, 1).map((value) => scale * value),
        1,
        z,
      );
      return z;
    };
    expect(out({ ...plain, residual: true })).not.toEqual(out(plain));
    expect(out({ ...plain, widths: [16, 32], residual: true })).toEqual(out({ ...plain, widths: [16, 32] }));
    for (const z of out({ ...plain, head: 'cosine' })) expect(Math.abs(z)).toBeLessThanOrEqual(10.001);
    // ReLU without biases is homogeneous: the cosine takes the scale away.
    const relu = { ...plain, activation: 'relu', head: 'cosine' } as const;
    for (const [k, z] of out(relu, 3).entries()) expect(z).toBeCloseTo(out(relu)[k]!, 3);
  });

  it('learn by their parameter gradients', async () => {
    const x = data(5, 300);
    const labels = Int32Array.from({ length: 300 }, (_, row) =>
      x[row * inputs]! > 1 ? (x[row * inputs + 1]! > 1 ? 2 : 1) : 0,
    );
    for (const choice of [
      [1, 1, 1, 0, 3, 1, 1, 0],
      [1, 1, 1, 0, 2, 1, 0, 1],
    ]) {
      using child = childNetwork(architectureOf(choice), inputs, classes, inputScale(x, inputs), rng(2));
      const loss = await trainClassifier(child, { x, labels }, { steps: 200, batch: 32 }, rng(3));
      expect(loss).toBeLessThan(0.4); // ln 3 at the start
    }
  });
});

describe('controller', () => {
  it('comes to the rewarded option, and stays even where all pay alike', () => {
    const learner = controller({ learningRate: 0.1 });
    const flat = controller({ learningRate: 0.1 });
    const random = rng(1);
    for (let update = 0; update < 80; update++) {
      const drawn = [1, 2, 3, 4].map(() => learner.sample(random));
      learner.learn(
        drawn,
        drawn.map((choice) => (choice[4] === 2 ? 1 : 0)),
      );
      const others = [1, 2, 3, 4].map(() => flat.sample(random));
      flat.learn(
        others,
        others.map(() => 0.5),
      );
    }
    expect(learner.probabilities()[4]![2]).toBeGreaterThan(0.8);
    for (const p of flat.probabilities()[4]!) expect(p).toBeCloseTo(0.25, 6);
  });

  it('starts even, and gives probabilities', () => {
    for (const [d, p] of controller().probabilities().entries()) {
      expect(p).toHaveLength(optionCounts[d]!);
      expect(p.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    }
  });
});

describe('searchArchitectures', () => {
  it('judges an architecture once, and finds more than chance where there is something to find', async () => {
    const asked: string[] = [];
    const judge = (architecture: ReturnType<typeof architectureOf>): Promise<number> => {
      asked.push(nameOf(architecture));
      return Promise.resolve((architecture.head === 'cosine' ? 1 : 0) + (architecture.activation === 'tanh' ? 1 : 0));
    };
    const learnt = await searchArchitectures(judge, { children: 200 }, rng(1));
    expect(new Set(asked).size).toBe(asked.length);
    expect(learnt.length).toBeGreaterThan(asked.length);
    const mean = (trials: typeof learnt): number => trials.reduce((sum, { reward }) => sum + reward, 0) / trials.length;
    expect(mean(learnt.slice(-40))).toBeGreaterThan(mean(learnt.slice(0, 40)) + 0.5);
    asked.length = 0;
    const chance = await searchArchitectures(judge, { children: 200, controller: 'random' }, rng(1));
    expect(asked).toHaveLength(200);
    expect(Math.abs(mean(chance) - 0.75)).toBeLessThan(0.2);
    expect(randomChoice(rng(3))).toHaveLength(optionCounts.length);
  });

  it('asks only for what is allowed, as a random search does', async () => {
    const allowed = ({ widths }: ReturnType<typeof architectureOf>): boolean => widths.length === 1;
    for (const controller of [{}, 'random'] as const) {
      const trials = await searchArchitectures(() => Promise.resolve(0), { children: 30, allowed, controller }, rng(2));
      expect(trials.every(({ architecture }) => allowed(architecture))).toBe(true);
    }
    await expect(
      searchArchitectures(() => Promise.resolve(0), { children: 3, allowed: () => false }, rng(2)),
    ).rejects.toThrow('none of 10000');
  });

  it('refuses a search of nothing', async () => {
    await expect(searchArchitectures(() => Promise.resolve(0), { children: 0 }, rng(1))).rejects.toThrow(ConfigError);
  });
});
