/** The aggregated machine of a system with reheat turbines, on the system's base: H in s, TR in s, FH the share of the high-pressure stage. */
export interface SystemParameters {
  readonly H: number;
  readonly D: number;
  readonly R: number;
  readonly Km: number;
  readonly FH: number;
  readonly TR: number;
}

/** What a step of power does to the frequency: shares of f0, for a step of P p.u. */
export interface StepResponse {
  /** rad/s, damping ratio */
  readonly naturalFrequency: number;
  readonly damping: number;
  /** s and p.u.; null for a system that is overdamped and has no overshoot */
  readonly nadirTime: number | null;
  readonly nadir: number | null;
  readonly settled: number;
  /** p.u./s, right after the step */
  readonly rocof: number;
  /** w at a time, s ≥ 0 */
  readonly at: (t: number) => number;
}

/**
 * Response of the system's frequency to a step of P p.u. (below 0: more load) at t = 0:
 * `w(t) = R P/(D R + Km) [1 + α e^(−ζ ω_n t) sin(ω_r t + φ)]`; where ζ ≥ 1 the two real modes take the sine's place.
 * Source: Anderson and Mirheydar (1990), "A low-order system frequency response model", eqs. 11 to 27; specs/grid.md 4.1
 */
export function stepResponse({ H, D, R, Km, FH, TR }: SystemParameters, P: number): StepResponse {
  const naturalFrequency = Math.sqrt((D * R + Km) / (2 * H * R * TR));
  const damping = (naturalFrequency * (2 * H * R + (D * R + Km * FH) * TR)) / (2 * (D * R + Km));
  const settled = (R * P) / (D * R + Km);
  const rocof = P / (2 * H);
  const [wn, zeta] = [naturalFrequency, damping];
  const common = { naturalFrequency, damping, settled, rocof };
  if (zeta < 1) {
    const wr = wn * Math.sqrt(1 - zeta * zeta);
    const alpha = Math.sqrt((1 - 2 * TR * zeta * wn + TR * TR * wn * wn) / (1 - zeta * zeta));
    const phi = Math.atan2(wr * TR, 1 - zeta * wn * TR) - Math.atan2(Math.sqrt(1 - zeta * zeta), -zeta);
    const at = (t: number): number => settled * (1 + alpha * Math.exp(-zeta * wn * t) * Math.sin(wr * t + phi));
    const nadirTime = Math.atan2(wr * TR, zeta * wn * TR - 1) / wr;
    return { ...common, nadirTime, nadir: at(nadirTime), at };
  }
  // w = settled + a e^(−s₁ t) + b e^(−s₂ t) with w(0) = 0 and w′(0) = P/2H; at ζ = 1 the two modes are one.
  const spread = wn * Math.sqrt(zeta * zeta - 1);
  if (spread < 1e-9 * wn) {
    const slope = rocof - wn * settled;
    const at = (t: number): number => settled + (slope * t - settled) * Math.exp(-wn * t);
    return { ...common, ...turning(rocof, settled, wn, wn), at };
  }
  const [s1, s2] = [zeta * wn - spread, zeta * wn + spread];
  const b = (s1 * settled - rocof) / (s2 - s1);
  const a = -settled - b;
  const at = (t: number): number => settled + a * Math.exp(-s1 * t) + b * Math.exp(-s2 * t);
  // −s₁ a e^(−s₁ t) = s₂ b e^(−s₂ t)
  const ratio = (-s2 * b) / (s1 * a);
  const nadirTime = ratio > 1 ? Math.log(ratio) / (s2 - s1) : null;
  return { ...common, nadirTime, nadir: nadirTime === null ? null : at(nadirTime), at };
}

/** The turning point of two equal modes: w′ = (slope − wn(slope t − settled)) e^(−wn t). */
function turning(
  rocof: number,
  settled: number,
  wn: number,
  s: number,
): { readonly nadirTime: number | null; readonly nadir: number | null } {
  const slope = rocof - wn * settled;
  const t = slope === 0 ? -1 : 1 / s + settled / slope;
  if (!(t > 0)) return { nadirTime: null, nadir: null };
  return { nadirTime: t, nadir: settled + (slope * t - settled) * Math.exp(-s * t) };
}

/** The same system as `x' = A x + B u` with x = (w, z): z is what the reheater still owes, u the step P. */
export function systemStates({ H, D, R, Km, FH, TR }: SystemParameters): {
  readonly a: readonly (readonly number[])[];
  readonly b: readonly (readonly number[])[];
} {
  return {
    a: [
      [-(D + (Km * FH) / R) / (2 * H), 1 / (2 * H)],
      [-(Km * (1 - FH)) / (R * TR), -1 / TR],
    ],
    b: [[1 / (2 * H)], [0]],
  };
}

/** Power, p.u., that just brings the frequency down to a threshold. @param f0 @param threshold Hz */
export function powerToReach(parameters: SystemParameters, f0: number, threshold: number): number {
  const { nadir, settled } = stepResponse(parameters, -1);
  const deepest = Math.min(nadir ?? 0, settled);
  return (f0 - threshold) / (f0 * -deepest);
}
