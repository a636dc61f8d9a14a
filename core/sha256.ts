/**
 * SHA-256 of some bytes, in hex. Plain TypeScript, so that layers without `node:crypto` can name a file by its content.
 *
 * Source: FIPS 180-4, section 6.2; the round constants are the cube roots of the first 64 primes, as the standard derives them.
 */
export function sha256Hex(bytes: Uint8Array): string {
  const hash = Uint32Array.from(initialHash);
  const schedule = new Uint32Array(64);
  const whole = bytes.length - (bytes.length % 64);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < whole; at += 64) compress(hash, schedule, view, at);

  const rest = bytes.length - whole;
  const tail = new Uint8Array(rest < 56 ? 64 : 128);
  tail.set(bytes.subarray(whole));
  tail[rest] = 0x80;
  const end = new DataView(tail.buffer);
  end.setUint32(tail.length - 8, Math.floor(bytes.length / 0x2000_0000));
  end.setUint32(tail.length - 4, (bytes.length << 3) >>> 0);
  for (let at = 0; at < tail.length; at += 64) compress(hash, schedule, end, at);
  return Array.from(hash, (word) => word.toString(16).padStart(8, '0')).join('');
}

const primes: number[] = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);

/** First 32 bits of the fraction. The float64 root is refined in integers: its last bits are not to be trusted. */
function fractionBits(prime: number, power: 2n | 3n): number {
  // The root of prime · 2^(32·power) is the root of the prime with 32 fraction bits.
  const target = BigInt(prime) << (32n * power);
  let root = BigInt(Math.floor(prime ** (1 / Number(power)) * 0x1_0000_0000));
  while (root ** power > target) root--;
  while ((root + 1n) ** power <= target) root++;
  return Number(BigInt.asUintN(32, root));
}

const initialHash = primes.slice(0, 8).map((prime) => fractionBits(prime, 2n));
const roundConstants = Uint32Array.from(primes, (prime) => fractionBits(prime, 3n));

function compress(hash: Uint32Array, w: Uint32Array, block: DataView, at: number): void {
  for (let t = 0; t < 16; t++) w[t] = block.getUint32(at + 4 * t);
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15]!;
    const y = w[t - 2]!;
    const s0 = rotr(x, 7) ^ rotr(x, 18) ^ (x >>> 3);
    const s1 = rotr(y, 17) ^ rotr(y, 19) ^ (y >>> 10);
    w[t] = (w[t - 16]! + s0 + w[t - 7]! + s1) | 0;
  }
  let a = hash[0]! | 0;
  let b = hash[1]! | 0;
  let c = hash[2]! | 0;
  let d = hash[3]! | 0;
  let e = hash[4]! | 0;
  let f = hash[5]! | 0;
  let g = hash[6]! | 0;
  let h = hash[7]! | 0;
  for (let t = 0; t < 64; t++) {
    const choice = (e & f) ^ (~e & g);
    const t1 = (h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + choice + roundConstants[t]! + w[t]!) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const t2 = ((rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  hash[0]! += a;
  hash[1]! += b;
  hash[2]! += c;
  hash[3]! += d;
  hash[4]! += e;
  hash[5]! += f;
  hash[6]! += g;
  hash[7]! += h;
}

function rotr(x: number, n: number): number {
  return (x >>> n) | (x << (32 - n));
}
