import { float32Text } from '../../core/csv.ts';

/** A float64 as Python prints it: `0.1`, `1.0`, `1e-05`, `1e+16`, a blank for NaN. */
export function pythonFloat(value: number): string {
  return Number.isNaN(value) ? '' : pythonDigits(Object.is(value, -0) ? '-0' : String(value), value);
}

/** A float32 as NumPy prints it: the shortest decimal that reads back. */
export function numpyFloat32(value: number): string {
  return pythonDigits(float32Text(value), Math.fround(value));
}

/** A float64 with two decimals, a tie to the even one: Python's `:.2f`. Exact for float32 values. */
export function twoDecimals(value: number): string {
  const cents = value * 100;
  const below = Math.floor(cents);
  const tie = cents - below === 0.5;
  return (tie ? (below % 2 === 0 ? below : below + 1) / 100 : value).toFixed(2);
}

/** To three decimals, ties to even: NumPy's `round`. */
export function threeDecimals(value: number): number {
  const scaled = value * 1000;
  const below = Math.floor(scaled);
  const tie = scaled - below === 0.5;
  const whole = tie ? (below % 2 === 0 ? below : below + 1) : Math.round(scaled);
  return whole === 0 && value < 0 ? -0 : whole / 1000;
}

/** Digits of `value`, which may be a hair off what they say. JavaScript writes exponents from 1e21 and below 1e-6 on, Python from 1e16 and below 1e-4. */
function pythonDigits(text: string, value: number): string {
  const [, sign, mantissa, power] = /^(-?)([\d.]+)(?:e([+-]\d+))?$/.exec(text) ?? [];
  if (mantissa === undefined) return text;
  const [whole, fraction = ''] = mantissa.split('.') as [string, string?];
  const all = whole + fraction;
  const digits = all.replace(/^0+/, '').replace(/0+$/, '');
  if (digits === '') return `${sign}0.0`;
  const leading = all.length - all.replace(/^0+/, '').length;
  const exponent = whole.length - leading - 1 + Number(power ?? 0);
  if (Math.abs(value) < 1e-4 || exponent >= 16) {
    const rest = digits.slice(1);
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0]}${rest === '' ? '' : `.${rest}`}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const before = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const after = digits.slice(exponent + 1);
  return `${sign}${before}.${after === '' ? '0' : after}`;
}
