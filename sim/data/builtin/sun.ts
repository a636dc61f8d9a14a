import { hoursPerYear, type Calendar } from './calendar.ts';

/** Where the sun stands in the middle of every hour. Columns are [8760]. */
export interface SunPath {
  /** Cosine of the zenith angle; 0 or less at night. */
  readonly cosZenith: Float64Array;
  /** Unit vector to the sun: east and north components (the third is `cosZenith`). */
  readonly east: Float64Array;
  readonly north: Float64Array;
  /** Irradiance outside the atmosphere on a plane facing the sun, W/m². */
  readonly extraterrestrial: Float64Array;
}

const degree = Math.PI / 180;

/**
 * The sun's path over a year on the meridian of its time zone.
 *
 * δ and the equation of time by Fourier series; cos θz = sin φ sin δ + cos φ cos δ cos ω; I₀ = 1367 (1 + 0.033 cos(2πd/365)).
 * Sources: Spencer (1971), "Fourier series representation of the position of the sun"; Duffie and Beckman (2013), chapter 1.
 */
export function sunPath(latitudeDegrees: number, calendar: Calendar): SunPath {
  const sinLat = Math.sin(latitudeDegrees * degree);
  const cosLat = Math.cos(latitudeDegrees * degree);
  const path: SunPath = {
    cosZenith: new Float64Array(hoursPerYear),
    east: new Float64Array(hoursPerYear),
    north: new Float64Array(hoursPerYear),
    extraterrestrial: new Float64Array(hoursPerYear),
  };
  for (let row = 0; row < hoursPerYear; row++) {
    const day = calendar.dayOfYear[row]!;
    const b = (2 * Math.PI * day) / 365;
    const declination =
      0.006918 -
      0.399912 * Math.cos(b) +
      0.070257 * Math.sin(b) -
      0.006758 * Math.cos(2 * b) +
      0.000907 * Math.sin(2 * b) -
      0.002697 * Math.cos(3 * b) +
      0.00148 * Math.sin(3 * b);
    const minutes =
      229.18 *
      (0.000075 +
        0.001868 * Math.cos(b) -
        0.032077 * Math.sin(b) -
        0.014615 * Math.cos(2 * b) -
        0.04089 * Math.sin(2 * b));
    const hourAngle = 15 * degree * ((row % 24) + 0.5 + minutes / 60 - 12);
    const sinDec = Math.sin(declination);
    const cosDec = Math.cos(declination);
    path.cosZenith[row] = sinLat * sinDec + cosLat * cosDec * Math.cos(hourAngle);
    path.east[row] = -cosDec * Math.sin(hourAngle);
    path.north[row] = cosLat * sinDec - sinLat * cosDec * Math.cos(hourAngle);
    path.extraterrestrial[row] = 1367 * (1 + 0.033 * Math.cos((2 * Math.PI * (day + 1)) / 365));
  }
  return path;
}
