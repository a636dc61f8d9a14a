import type { Scheme } from '../colours.ts';

type Rgb = readonly [number, number, number];

/** Below, nothing, above: purple, the surface, orange, which every eye tells apart by lightness as well. */
const ends: Readonly<Record<Scheme, readonly [Rgb, Rgb, Rgb]>> = {
  light: [
    [84, 39, 136],
    [255, 255, 255],
    [179, 88, 6],
  ],
  dark: [
    [186, 160, 255],
    [30, 34, 38],
    [255, 160, 70],
  ],
};

/** The colour of a change. @param share of the largest there may be, −1 … 1; what is small is still to be seen */
export function heatColour(share: number, scheme: Scheme): Rgb {
  const [below, nothing, above] = ends[scheme];
  const end = share < 0 ? below : above;
  const weight = Math.min(1, Math.sqrt(Math.abs(share)));
  return nothing.map((from, k) => Math.round(from + weight * (end[k]! - from))) as unknown as Rgb;
}
