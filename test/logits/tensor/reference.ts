// The operations of logits/tensor on one row, in float64 and from their definitions: what the tensors are held against.

export type Row = readonly number[];

export const sum = (x: Row): number => x.reduce((total, value) => total + value, 0);
export const mean = (x: Row): number => sum(x) / x.length;
/** 0 · x = 0, also for infinite x. */
const times = (share: number, x: number): number => (share === 0 ? 0 : share * x);

export function logSumExp(z: Row): number {
  const top = Math.max(...z);
  return top === -Infinity ? top : top + Math.log(sum(z.map((v) => Math.exp(v - top))));
}
export const logSoftmax = (z: Row, temperature = 1): number[] => {
  const scaled = z.map((v) => v / temperature);
  const total = logSumExp(scaled);
  return scaled.map((v) => v - total);
};
export const softmax = (z: Row, temperature = 1): number[] => logSoftmax(z, temperature).map(Math.exp);
export const entropy = (z: Row): number => -sum(softmax(z).map((p, k) => times(p, logSoftmax(z)[k]!)));
/** `KL(softmax(a/T) ‖ softmax(b/T))`. */
export function kl(a: Row, b: Row, temperature = 1): number {
  const [p, logP, logQ] = [softmax(a, temperature), logSoftmax(a, temperature), logSoftmax(b, temperature)];
  return sum(p.map((share, k) => times(share, logP[k]! - logQ[k]!)));
}
export const uniformKL = (z: Row): number => -mean(logSoftmax(z)) - Math.log(z.length);
export const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
export const logSigmoid = (x: number): number => -(Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
export const bernoulliKL = (a: number, b: number): number =>
  times(sigmoid(a), logSigmoid(a) - logSigmoid(b)) + times(sigmoid(-a), logSigmoid(-a) - logSigmoid(-b));
export const binaryKL = (s: Row, t: Row, temperature: number): number =>
  temperature ** 2 * sum(s.map((v, k) => bernoulliKL(t[k]! / temperature, v / temperature)));
export const binaryKLNorm = (s: Row, t: Row, temperature: number): number =>
  temperature ** 2 * sum(s.map((v, k) => bernoulliKL(0, v === t[k] ? 0 : (v - t[k]!) / temperature)));

export function standardize(x: Row, ddof: number): number[] {
  const centre = mean(x);
  const deviation = Math.sqrt(sum(x.map((v) => (v - centre) ** 2)) / (x.length - ddof));
  return x.map((v) => (v - centre) / Math.max(deviation, 1e-12));
}
export const kurtosis = (x: Row, ddof: number): number => mean(standardize(x, ddof).map((v) => v ** 4));
export const sorted = (x: Row): number[] => [...x].sort((a, b) => b - a);
export const sortedDeltas = (z: Row): number[] =>
  sorted(z)
    .slice(1)
    .map((v) => sorted(z)[0]! - v);
export const topGap = (z: Row, k: number): number => sorted(softmax(z))[0]! - sorted(softmax(z))[k - 1]!;
export const energy = (z: Row, temperature: number): number => -temperature * logSumExp(z.map((v) => v / temperature));
export const groupMargin = (z: Row, inA: readonly boolean[], inB: readonly boolean[], soft: boolean): number => {
  const reduce = (group: readonly boolean[]): number => {
    const values = z.filter((_, k) => group[k]);
    return soft ? logSumExp(values) : Math.max(...values);
  };
  return reduce(inA) - reduce(inB);
};
/** `−Σ q log p`, q the smoothed label. */
export const crossEntropy = (z: Row, label: number, smoothing = 0): number =>
  -(times(1 - smoothing, logSoftmax(z)[label]!) + times(smoothing, mean(logSoftmax(z))));

export const pearson = (a: Row, b: Row): number => mean(standardize(a, 0).map((v, i) => v * standardize(b, 0)[i]!));
/** DKD of one row, from probabilities. */
export function decoupledKD(s: Row, t: Row, label: number, alpha: number, beta: number, temperature: number): number {
  const [p, q] = [softmax(t, temperature), softmax(s, temperature)];
  const binary = (x: Row): [number, number] => [x[label]!, sum(x.filter((_, k) => k !== label))];
  const divergence = (x: Row, y: Row): number => sum(x.map((v, k) => times(v, Math.log(v / y[k]!))));
  const rest = (x: Row): number[] => x.filter((_, k) => k !== label).map((v) => v / binary(x)[1]);
  return temperature ** 2 * (alpha * divergence(binary(p), binary(q)) + beta * divergence(rest(p), rest(q)));
}
