import type { Activation } from '../../core/policy.ts';

/** Lines below and above the activations of a layer [n]: `slope · h + offset`. */
export interface LayerLines {
  readonly lowSlope: Float64Array;
  readonly lowOffset: Float64Array;
  readonly highSlope: Float64Array;
  readonly highOffset: Float64Array;
}

export function newLines(count: number): LayerLines {
  const make = (): Float64Array => new Float64Array(count);
  return { lowSlope: make(), lowOffset: make(), highSlope: make(), highOffset: make() };
}

/**
 * The lines of CROWN between which an activation lies on [l, u].
 *
 * ReLU across 0: above the chord, below slope 1 where u > −l and else 0. tanh: a chord and the tangent in the middle where it is convex or
 * concave; across 0 the tangents through its ends, or chords where they would touch outside.
 * Source: Zhang et al. (2018), "Efficient Neural Network Robustness Certification with General Activation Functions".
 */
export function relax(activation: Activation, l: number, u: number, lines: LayerLines, at: number): void {
  lines.lowSlope[at] = 1;
  lines.highSlope[at] = 1;
  lines.lowOffset[at] = 0;
  lines.highOffset[at] = 0;
  if (activation === 'relu') relaxRelu(l, u, lines, at);
  else if (activation === 'tanh') relaxTanh(l, u, lines, at);
}

function relaxRelu(l: number, u: number, lines: LayerLines, at: number): void {
  if (l >= 0) return;
  const slope = u <= 0 ? 0 : u / (u - l);
  lines.highSlope[at] = slope;
  lines.highOffset[at] = u <= 0 ? 0 : -l * slope;
  lines.lowSlope[at] = u > -l ? 1 : 0;
}

function relaxTanh(l: number, u: number, lines: LayerLines, at: number): void {
  const { lowSlope, lowOffset, highSlope, highOffset } = lines;
  const [low, high] = [Math.tanh(l), Math.tanh(u)];
  if (u - l < 1e-9) {
    lowSlope[at] = 0;
    highSlope[at] = 0;
    lowOffset[at] = low;
    highOffset[at] = high;
    return;
  }
  const middle = (l + u) / 2;
  const chord = (high - low) / (u - l);
  const above = l >= 0 ? middle : u <= 0 ? Number.NaN : touching(l, u);
  const below = u <= 0 ? middle : l >= 0 ? Number.NaN : -touching(-u, -l);
  highSlope[at] = Number.isNaN(above) ? chord : slopeAt(above);
  highOffset[at] = Number.isNaN(above) ? low - chord * l : Math.tanh(above) - highSlope[at] * above;
  lowSlope[at] = Number.isNaN(below) ? chord : slopeAt(below);
  lowOffset[at] = Number.isNaN(below) ? low - chord * l : Math.tanh(below) - lowSlope[at] * below;
}

function slopeAt(h: number): number {
  const value = Math.tanh(h);
  return 1 - value * value;
}

/**
 * Where a line from (l, tanh l), l < 0, touches tanh from above: d ≥ 0 with `tanh d − tanh l = tanh'(d)·(d − l)`, on the safe side, where the
 * tangent passes above (l, tanh l); NaN where d is beyond u and the chord is above.
 */
function touching(l: number, u: number): number {
  const end = Math.tanh(l);
  const under = (d: number): boolean => {
    const value = Math.tanh(d);
    return value - (1 - value * value) * (d - l) < end;
  };
  if (under(u)) return Number.NaN;
  let low = 0;
  let high = u;
  // To 1e-9 of where it touches, beyond which no bound shows it.
  while (high - low > 1e-9) {
    const d = (low + high) / 2;
    if (under(d)) low = d;
    else high = d;
  }
  return high;
}
