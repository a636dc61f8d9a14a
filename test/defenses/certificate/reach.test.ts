import { expect, it } from 'vitest';
import { linfBall } from '../../../attacks/ball/linf.ts';
import { reach } from '../../../attacks/plan/reach.ts';
import { headOutputs } from '../../../core/policy.ts';
import type { Head, LayerSpec } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import { actionCertificate } from '../../../defenses/certificate/index.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { policyVictim } from '../../../nn/victim.ts';
import { threatOf } from '../../support/threat.ts';

const heads: Record<string, Head> = {
  bins: { kind: 'categorical', values: [-0.8, -0.4, 0, 0.3, 0.8] },
  continuous: { kind: 'squashed-gaussian', low: [-0.8], high: [0.8] },
};

it.each(Object.entries(heads))(
  'what an attack attains never leaves what is certified, and fills much of it: %s',
  (_name, head) => {
    const size = 8;
    const rows = 40;
    const layers: readonly LayerSpec[] = [
      { inputs: size, outputs: 24, activation: 'tanh' },
      { inputs: 24, outputs: headOutputs(head), activation: 'linear' },
    ];
    using network = createNetwork(layers);
    const stream = rng(5);
    const parameters = Float32Array.from({ length: network.size }, () => 0.5 * stream.normal());
    network.writeParameters(parameters);
    const victim = policyVictim({ card: { head }, network });
    const x = Float32Array.from({ length: rows * size }, () => stream.uniform());
    const threat = threatOf(new Float32Array(size).fill(0.05));
    const set = linfBall();
    set.around(x, rows, threat);
    const low = new Float32Array(x.length);
    const high = new Float32Array(x.length);
    set.bounds(low, high);
    const lowest = new Float64Array(rows);
    const highest = new Float64Array(rows);
    actionCertificate({ layers, head }, parameters).bounds(low, high, rows, lowest, highest);
    const found = reach(x, rows, victim, set, threat.epsilon, 20);
    let attained = 0;
    let certified = 0;
    for (let row = 0; row < rows; row++) {
      expect(found.lowest[row]!).toBeGreaterThanOrEqual(lowest[row]!);
      expect(found.highest[row]!).toBeLessThanOrEqual(highest[row]!);
      attained += found.highest[row]! - found.lowest[row]!;
      certified += highest[row]! - lowest[row]!;
    }
    expect(attained).toBeGreaterThan(0.6 * certified);
  },
);
