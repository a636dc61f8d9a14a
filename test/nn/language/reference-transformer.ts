import type { TransformerConfig } from '../../../nn/language/config.ts';

/** Weights by name, in float64. */
export type ReferenceWeights = ReadonlyMap<string, Float64Array>;

type Vector = readonly number[];

/**
 * Logits [T][V] of one sequence without padding, token by token in float64: the textbook, sharing no code with what is tested.
 * @param scale of adapters (`….lora.a`, `….lora.b`), where the weights have any
 */
export function referenceLogits(
  config: TransformerConfig,
  weights: ReferenceWeights,
  tokens: Vector,
  scale = 0,
): Vector[] {
  const { width, heads, vocabulary } = config;
  const get = (name: string): Float64Array => weights.get(name)!;
  const row = (name: string, index: number, size: number): number[] => [
    ...get(name).subarray(index * size, (index + 1) * size),
  ];
  const product = (x: Vector, name: string, outputs: number): number[] => {
    const w = get(name);
    return Array.from({ length: outputs }, (_, o) => x.reduce((sum, value, i) => sum + value * w[i * outputs + o]!, 0));
  };
  const dense = (x: Vector, name: string): number[] => {
    const bias = get(`${name}.bias`);
    const y = product(x, `${name}.weight`, bias.length).map((value, o) => value + bias[o]!);
    const down = weights.get(`${name}.lora.a`);
    if (down === undefined) return y;
    const extra = product(product(x, `${name}.lora.a`, down.length / x.length), `${name}.lora.b`, bias.length);
    return y.map((value, o) => value + scale * extra[o]!);
  };
  const norm = (x: Vector, name: string): number[] => {
    const gain = get(`${name}.gain`);
    const mean = config.norm === 'rms' ? 0 : x.reduce((sum, value) => sum + value, 0) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    const shift = config.norm === 'rms' ? undefined : get(`${name}.shift`);
    return x.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * gain[i]! + (shift?.[i] ?? 0));
  };
  const activation = (x: number): number =>
    config.activation === 'silu'
      ? x / (1 + Math.exp(-x))
      : 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  const size = width / heads;
  const turned = (x: Vector, position: number): Vector => {
    if (config.positions !== 'rotary') return x;
    const out = [...x];
    for (let i = 0; i < size / 2; i++) {
      const angle = position * 10_000 ** ((-2 * i) / size);
      const [a, b] = [x[i]!, x[i + size / 2]!];
      out[i] = a * Math.cos(angle) - b * Math.sin(angle);
      out[i + size / 2] = a * Math.sin(angle) + b * Math.cos(angle);
    }
    return out;
  };
  const add = (x: Vector, y: Vector): number[] => x.map((value, i) => value + y[i]!);

  let states = tokens.map((token, t) => {
    const x = row('embedding.weight', token, width);
    return config.positions === 'learned' ? add(x, row('position.weight', t, width)) : x;
  });
  for (let layer = 0; layer < config.layers; layer++) {
    const name = `layers.${layer}`;
    const qkv = states.map((x) => dense(norm(x, `${name}.attention.norm`), `${name}.attention.qkv`));
    const part = (t: number, which: number, head: number): Vector =>
      qkv[t]!.slice(which * width + head * size, which * width + (head + 1) * size);
    states = states.map((x, t) => {
      const mixed = Array.from({ length: heads }, (_, head) => {
        const q = turned(part(t, 0, head), t);
        const scores = Array.from({ length: t + 1 }, (_, s) =>
          turned(part(s, 1, head), s).reduce((sum, value, i) => sum + (value * q[i]!) / Math.sqrt(size), 0),
        );
        const exps = scores.map((score) => Math.exp(score - Math.max(...scores)));
        const total = exps.reduce((sum, value) => sum + value, 0);
        return Array.from({ length: size }, (_, i) =>
          exps.reduce((sum, value, s) => sum + (value / total) * part(s, 2, head)[i]!, 0),
        );
      }).flat();
      return add(x, dense(mixed, `${name}.attention.out`));
    });
    states = states.map((x) =>
      add(x, dense(dense(norm(x, `${name}.mlp.norm`), `${name}.mlp.up`).map(activation), `${name}.mlp.down`)),
    );
  }
  const table = get(config.tied ? 'embedding.weight' : 'head.weight');
  return states.map((x) => {
    const h = norm(x, 'norm');
    return Array.from({ length: vocabulary }, (_, v) =>
      h.reduce((sum, value, i) => sum + value * table[v * width + i]!, 0),
    );
  });
}

/** `Σ weight·(−(1−ε)·log p(next) − ε/V·Σ log p)` over the answer tokens of one sequence, and `Σ weight`. */
export function referenceLoss(
  logits: readonly Vector[],
  tokens: Vector,
  answer: Vector,
  smoothing: number,
): { readonly loss: number; readonly weight: number } {
  let loss = 0;
  let weight = 0;
  for (let t = 1; t < tokens.length; t++) {
    const z = logits[t - 1]!;
    const max = Math.max(...z);
    const lse = max + Math.log(z.reduce((sum, value) => sum + Math.exp(value - max), 0));
    const mean = z.reduce((sum, value) => sum + value - lse, 0) / z.length;
    loss -= answer[t]! * ((1 - smoothing) * (z[tokens[t]!]! - lse) + smoothing * mean);
    weight += answer[t]!;
  }
  return { loss, weight };
}
