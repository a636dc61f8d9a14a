/*
 * V8's Math.log is a unit in the last place off in about one call of thirteen, and another engine's in other ones; the C library that NumPy calls is
 * nearly always correctly rounded. Draws that shall be NumPy's to the bit, on every machine, need a logarithm of that quality.
 *
 * Numbers of twice the precision are pairs (high, low), low below half a unit of high; `product` and the like leave their low part in `low`.
 * Source: Dekker (1971), "A floating-point technique for extending the available precision".
 */
let low = 0;

/** a·b, exactly. */
function product(a: number, b: number): number {
  const p = a * b;
  const c = 134217729 * a;
  const ah = c - (c - a);
  const al = a - ah;
  const d = 134217729 * b;
  const bh = d - (d - b);
  const bl = b - bh;
  low = ah * bh - p + ah * bl + al * bh + al * bl;
  return p;
}

/** a + b, exactly. */
function sum(a: number, b: number): number {
  const s = a + b;
  const t = s - a;
  low = a - (s - t) + (b - t);
  return s;
}

/** (ah, al) + (bh, bl). */
function add(ah: number, al: number, bh: number, bl: number): number {
  const s = sum(ah, bh);
  return sum(s, low + al + bl);
}

/** (ah, al)·(bh, bl). */
function multiply(ah: number, al: number, bh: number, bl: number): number {
  const p = product(ah, bh);
  return sum(p, low + ah * bl + al * bh);
}

/** (ah, al)/(bh, bl). */
function divide(ah: number, al: number, bh: number, bl: number): number {
  const q = ah / bh;
  const p = product(q, bh);
  return sum(q, (ah - p - low + al - q * bl) / bh);
}

/** The terms of artanh, 1/(2n + 1). */
const terms = 20;
const high = new Float64Array(terms);
const lows = new Float64Array(terms);
for (let n = 0; n < terms; n++) {
  high[n] = divide(1, 0, 2 * n + 1, 0);
  lows[n] = low;
}
/** ln 2 − `Math.LN2`. */
const ln2Low = 2.3190468138462996e-17;

const words = new DataView(new ArrayBuffer(8));

/** Natural logarithm, correctly rounded. `ln x = k·ln 2 + 2·artanh((m − 1)/(m + 1))`, x = m·2^k, √½ ≤ m < √2. @param x normal, > 0 */
export function log(x: number): number {
  if (x === 1) return 0;
  if (!(x >= 2.2250738585072014e-308 && x < Infinity)) return Math.log(x);
  words.setFloat64(0, x);
  let k = (words.getUint16(0) >>> 4) - 1023;
  words.setUint16(0, (words.getUint16(0) & 0xf) | 0x3ff0);
  let m = words.getFloat64(0);
  if (m >= Math.SQRT2) {
    m /= 2;
    k++;
  }
  const denominator = sum(m, 1);
  const sh = divide(m - 1, 0, denominator, low);
  const sl = low;
  const qh = multiply(sh, sl, sh, sl);
  const ql = low;
  let rh = high[terms - 1]!;
  let rl = lows[terms - 1]!;
  for (let n = terms - 2; n >= 0; n--) {
    rh = multiply(rh, rl, qh, ql);
    rh = add(rh, low, high[n]!, lows[n]!);
    rl = low;
  }
  rh = multiply(rh, rl, 2 * sh, 2 * sl);
  rl = low;
  const kh = product(k, Math.LN2);
  return add(kh, low + k * ln2Low, rh, rl);
}
