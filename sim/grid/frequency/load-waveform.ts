/** Load that an attacker adds to an area over time, p.u. (below 0: takes away): static load alteration. Times in s. */
export type LoadWaveform = { readonly area: number; readonly t: number; readonly power: number } & (
  | { readonly kind: 'step' }
  /** Grows to `power` within `over`, and stays. */
  | { readonly kind: 'ramp'; readonly over: number }
  | { readonly kind: 'pulse'; readonly width: number }
  /** `power` and `back` in turn, each for half of a period: tuned to a mode it pumps it up. */
  | { readonly kind: 'square'; readonly period: number; readonly until: number; readonly back: number }
  | { readonly kind: 'sine'; readonly period: number; readonly until: number }
);

/** A stretch of a waveform that is smooth. */
export interface WaveformPiece {
  readonly from: number;
  readonly at: (t: number) => number;
  /** Whether the load jumps where it begins. */
  readonly jumps: boolean;
}

const flat = (from: number, power: number, jumps = true): WaveformPiece => ({ from, at: () => power, jumps });

/** The k-th stretch of a waveform, from 0; undefined behind its last. */
export function waveformPiece(wave: LoadWaveform, k: number): WaveformPiece | undefined {
  const { t, power } = wave;
  if (wave.kind === 'step') return k === 0 ? flat(t, power) : undefined;
  if (wave.kind === 'pulse') return [flat(t, power), flat(t + wave.width, 0)][k];
  if (wave.kind === 'ramp')
    return [
      { from: t, at: (now: number) => (power * (now - t)) / wave.over, jumps: false },
      flat(t + wave.over, power, false),
    ][k];
  if (wave.kind === 'sine') {
    const turn = (2 * Math.PI) / wave.period;
    return [
      { from: t, at: (now: number) => power * Math.sin(turn * (now - t)), jumps: false },
      flat(wave.until, 0, Number.isFinite(wave.until)),
    ][k];
  }
  const from = t + (k * wave.period) / 2;
  if (from < wave.until) return flat(from, k % 2 === 0 ? power : wave.back);
  // One more stretch: none of it is left.
  return k > 0 && t + ((k - 1) * wave.period) / 2 < wave.until ? flat(wave.until, 0) : undefined;
}
