import { hoursPerYear } from './calendar.ts';
import type { SunPath } from './sun.ts';

/** Irradiance under a given sky, W/m². Columns are [8760]. */
export interface Irradiance {
  /** On the horizontal, from the sky without the sun's disc. */
  readonly diffuse: Float64Array;
  /** From the sun's disc, on a plane facing it. */
  readonly direct: Float64Array;
}

/** Below this cosine of the zenith angle (sun under 3.4°) all light counts as diffuse: dividing by it would invent beam. */
const lowestBeam = 0.06;

/**
 * Diffuse and direct irradiance from the cloud cover N [8760] in 0..1.
 *
 * global = clear · (1 − 0.75 N^3.4), clear = 1098 cos θz exp(−0.059 / cos θz); then the diffuse fraction of the clearness index.
 * Sources: Haurwitz (1945), constants as in pvlib; Kasten and Czeplak (1980), Solar Energy 24; Erbs et al. (1982), Solar Energy 28.
 */
export function irradianceUnder(cloudCover: Float64Array, sun: SunPath): Irradiance {
  const diffuse = new Float64Array(hoursPerYear);
  const direct = new Float64Array(hoursPerYear);
  for (let row = 0; row < hoursPerYear; row++) {
    const cosZenith = sun.cosZenith[row]!;
    if (cosZenith <= 0) continue;
    const clear = 1098 * cosZenith * Math.exp(-0.059 / cosZenith);
    const cover = cloudCover[row]!;
    const global = clear * (1 - 0.75 * (cover <= 0 ? 0 : Math.exp(3.4 * Math.log(cover))));
    const clearness = global / (sun.extraterrestrial[row]! * cosZenith);
    const scattered = cosZenith < lowestBeam ? global : global * diffuseFraction(clearness);
    diffuse[row] = scattered;
    direct[row] = (global - scattered) / cosZenith;
  }
  return { diffuse, direct };
}

/** Share of diffuse in global irradiance at clearness index k. Source: Erbs, Klein and Duffie (1982), equation 1. */
function diffuseFraction(k: number): number {
  if (k <= 0.22) return 1 - 0.09 * k;
  if (k > 0.8) return 0.165;
  return 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)));
}
