import type { Activation } from '../../core/policy.ts';

/** Lines below and above an activation between l and u: `slope · h + offset`. */
export interface Lines {
  lowSlope: number;
  lowOffset: number;
  highSlope: number;
  highOffset: number;
}

/**
 * The lines of CROWN between which an activation lies on [l, u].
 *
 * ReLU across 0: above the chord, below slope 1 where u > −l and else 0. tanh: a chord and the tangent in the middle where it is convex or
 * concave; across 0 the tangents through its ends, or chords where they would touch outside.
 * Source: Zhang et al. (2018), "Efficient Neural Network Robustness Certification with General Activation Functions".
 */
export function relax(activation: Activation, l: number, u: number, lines: Lines): void {
  lines.lowSlope = 1;
  lines.highSlope = 1;
  lines.lowOffset = 0;
  lines.highOffset = 0;
  if (activation === 'relu') relaxRelu(l, u, lines);
  else if (activation === 'tanh') relaxTanh(l, u, lines);
}

function relaxRelu(l: number, u: number, lines: Lines): void {
  if (l >= 0) return;
  lines.highSlope = u <= 0 ? 0 : u / (u - l);
  lines.highOffset = u <= 0 ? 0 : -l * lines.highSlope;
  lines.lowSlope = u > -l ? 1 : 0;
}

function relaxTanh(l: number, u: number, lines: Lines): void {
  const middle = (l + u) / 2;
  if (u - l < 1e-9) {
    lines.lowSlope = 0;
    lines.highSlope = 0;
    lines.lowOffset = Math.tanh(l);
    lines.highOffset = Math.tanh(u);
    return;
  }
  const chord = (Math.tanh(u) - Math.tanh(l)) / (u - l);
  const above = l >= 0 ? middle : u <= 0 ? Number.NaN : touching(l, u);
  const below = u <= 0 ? middle : l >= 0 ? Number.NaN : -touching(-u, -l);
  lines.highSlope = Number.isNaN(above) ? chord : slopeAt(above);
  lines.highOffset = Number.isNaN(above) ? Math.tanh(l) - chord * l : Math.tanh(above) - lines.highSlope * above;
  lines.lowSlope = Number.isNaN(below) ? chord : slopeAt(below);
  lines.lowOffset = Number.isNaN(below) ? Math.tanh(l) - chord * l : Math.tanh(below) - lines.lowSlope * below;
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
  const under = (d: number): boolean => Math.tanh(d) - slopeAt(d) * (d - l) < Math.tanh(l);
  if (under(u)) return Number.NaN;
  let low = 0;
  let high = u;
  for (let k = 0; k < 60; k++) {
    const d = (low + high) / 2;
    if (under(d)) low = d;
    else high = d;
  }
  return high;
}
