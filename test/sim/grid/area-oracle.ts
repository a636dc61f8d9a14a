/** Two areas with everything that is not linear, written a second time: clamps in the equations, small steps, no events. */
export interface OracleArea {
  readonly M: number;
  readonly D: number;
  readonly R: number;
  readonly Tg: number;
  readonly Tt: number;
  readonly beta: number;
  readonly Ki: number;
  readonly band: number;
  readonly valve: readonly [number, number, number, number];
  readonly turbine: readonly [number, number, number, number];
  readonly period: number;
  readonly load: (t: number) => number;
}

export interface OracleAttack {
  readonly gain: number;
  readonly delay: number;
  readonly low: number;
  readonly high: number;
}

/** A lag within range and rates, by clamps: at a bound it moves inwards alone. */
function limited(rate: number, y: number, [min, max, fall, rise]: readonly [number, number, number, number]): number {
  const own = Math.min(rise, Math.max(fall, rate));
  if (y >= max && own > 0) return 0;
  return y <= min && own < 0 ? 0 : own;
}

/** Frequencies, p.u. or Hz, [steps + 1, areas], by Heun's method. The attack is in area 0 and listens there. */
export function oracle(
  areas: readonly OracleArea[],
  tie: number,
  attack: OracleAttack,
  h: number,
  steps: number,
): Float64Array[] {
  const n = areas.length;
  // f, tie, valve, turbine
  let x = areas.map(() => [0, 0, 0, 0]);
  const integral = areas.map(() => 0);
  const path = [Float64Array.from(x, (own) => own[0]!)];
  const late = Math.round(attack.delay / h);
  const rates = (state: readonly (readonly number[])[], t: number, k: number): number[][] =>
    areas.map(({ M, D, R, Tg, Tt, band, valve, turbine, load }, i) => {
      const [f, power, y, p] = state[i]! as [number, number, number, number];
      const seen = f - Math.min(band, Math.max(-band, f));
      const heard = late === 0 ? state[0]![0]! : (path[Math.max(0, k - late)]?.[0] ?? 0);
      const extra = i === 0 ? Math.min(attack.high, Math.max(attack.low, -attack.gain * heard)) : 0;
      return [
        (p - load(t) - extra - D * f - power) / M,
        tie * (n * f - state.reduce((sum, other) => sum + other[0]!, 0)),
        limited((integral[i]! - seen / R - y) / Tg, y, valve),
        limited((y - p) / Tt, p, turbine),
      ];
    });
  for (let k = 0; k < steps; k++) {
    const t = k * h;
    areas.forEach(({ period, beta, Ki }, i) => {
      const every = Math.round(period / h);
      if (k > 0 && k % every === 0) integral[i]! -= Ki * (beta * x[i]![0]! + x[i]![1]!) * period;
    });
    // Right after a jump at t, and right before one at t + h.
    const first = rates(x, t + 1e-9, k);
    const middle = x.map((own, i) => own.map((value, s) => value + h * first[i]![s]!));
    const second = rates(middle, t + h - 1e-9, k + 1);
    x = x.map((own, i) => own.map((value, s) => value + (h / 2) * (first[i]![s]! + second[i]![s]!)));
    path.push(Float64Array.from(x, (own) => own[0]!));
  }
  return path;
}
