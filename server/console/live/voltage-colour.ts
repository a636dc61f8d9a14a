type Scheme = 'light' | 'dark';
type Rgb = readonly [number, number, number];

/** Low, nominal, high: orange, grey, blue, which every eye tells apart. */
const ends: Readonly<Record<Scheme, readonly [Rgb, Rgb, Rgb]>> = {
  light: [
    [200, 62, 0],
    [206, 212, 218],
    [16, 96, 180],
  ],
  dark: [
    [255, 112, 48],
    [84, 92, 100],
    [92, 178, 255],
  ],
};

/** How far outside the band a colour is the strongest there is, p.u. */
const beyond = 0.03;

/**
 * The colour of a voltage: the nominal one at 1 p.u., halfway to an end at the edge of the band, the end's own a little outside. Undefined for no voltage.
 * @param band p.u.
 */
export function voltageColour(v: number, [low, high]: readonly [number, number], scheme: Scheme): string | undefined {
  if (Number.isNaN(v)) return undefined;
  const [under, nominal, over] = ends[scheme];
  const edge = v < 1 ? low : high;
  const end = v < 1 ? under : over;
  const inside = Math.abs(v - 1) / Math.max(1e-9, Math.abs(edge - 1));
  const share = inside <= 1 ? inside / 2 : Math.min(1, 0.5 + Math.abs(v - edge) / (2 * beyond));
  const mixed = nominal.map((from, k) => Math.round(from + share * (end[k]! - from)));
  return `rgb(${mixed.join(' ')})`;
}
