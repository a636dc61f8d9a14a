// One row of gemm.ts's product, walked as the list of its entries that are not 0.
//
// A product with an a of 0 changes no sum of finite numbers: sums start at +0 or at a number that is not 0, and no sum of
// such is ever −0. So rows are walked as lists of their entries that are not 0 where there is one row, or where most entries are 0
// (behind a relu, before a mask): half of the work, and the same bits. `zeros` asks for every product: 0·∞ is not 0.
//
// A row alone has no operand to share between rows: 1 × 24 columns hold 6 sums in flight, for 1 × 32 spills and takes twice the time.
import { start } from './start';

/** Where a row's list lies: pairs (byte offset into a panel, a). nn/kernel/heap.ts leaves these bytes to us; each thread has its own. */
let list: u32 = 64;
/** Entries that fit: 8 bytes each. */
const listed: u32 = 1024;

/** Moves this thread's list to an address with room for it. */
export function keepListAt(address: u32): void {
  list = address;
}

/** Whether fewer than 9 of 16 entries are not 0: then lists are faster than tiles. */
export function mostlyZero(a: u32, aRow: u32, m: u32, k: u32): bool {
  const zero = f32x4.splat(0);
  let count = i32x4.splat(0);
  for (let row: u32 = 0; row < m; row++) {
    for (let at = a; at < a + k * 4; at += 16) count = i32x4.sub(count, f32x4.ne(v128.load(at), zero));
    a += aRow;
  }
  const sum: u32 =
    i32x4.extract_lane(count, 0) +
    i32x4.extract_lane(count, 1) +
    i32x4.extract_lane(count, 2) +
    i32x4.extract_lane(count, 3);
  return sum * 16 < m * k * 9;
}

/** One row. k is walked in blocks whose entries fit the list; all but the first add to what is in C. */
export function rowByList(
  a: u32,
  aStep: u32,
  b: u32,
  bStep: u32,
  bPanel: u32,
  init: u32,
  initPanel: u32,
  c: u32,
  cPanel: u32,
  k: u32,
  panels: u32,
  zeros: u32,
): void {
  for (;;) {
    const block = min(k, listed);
    const first = list;
    let end = first;
    for (let i: u32 = 0; i < block; i++) {
      const value = load<f32>(a);
      store<u32>(end, i * bStep);
      store<f32>(end, value, 4);
      // Without a branch: an entry of 0 is overwritten by the next.
      end += select<u32>(8, 0, value != 0 || zeros != 0);
      a += aStep;
    }
    let panel: u32 = 0;
    for (; panel + 3 <= panels; panel += 3) {
      list3(first, end, b + panel * bPanel, bPanel, init + panel * initPanel, initPanel, c + panel * cPanel, cPanel);
    }
    for (; panel < panels; panel++) list1(first, end, b + panel * bPanel, init + panel * initPanel, c + panel * cPanel);
    k -= block;
    if (k == 0) return;
    b += block * bStep;
    init = c;
    initPanel = cPanel;
  }
}

/** 1 row × 3 panels. */
function list3(first: u32, end: u32, b: u32, bPanel: u32, init: u32, initPanel: u32, c: u32, cPanel: u32): void {
  const b1 = b + bPanel;
  const b2 = b1 + bPanel;
  let c0 = start(init);
  let c1 = start(init + 16);
  init += initPanel;
  let c2 = start(init);
  let c3 = start(init + 16);
  init += initPanel;
  let c4 = start(init);
  let c5 = start(init + 16);
  for (let at = first; at < end; at += 8) {
    const offset = load<u32>(at);
    const s = v128.load32_splat(at, 4);
    c0 = f32x4.add(c0, f32x4.mul(s, v128.load(b + offset)));
    c1 = f32x4.add(c1, f32x4.mul(s, v128.load(b + offset, 16)));
    c2 = f32x4.add(c2, f32x4.mul(s, v128.load(b1 + offset)));
    c3 = f32x4.add(c3, f32x4.mul(s, v128.load(b1 + offset, 16)));
    c4 = f32x4.add(c4, f32x4.mul(s, v128.load(b2 + offset)));
    c5 = f32x4.add(c5, f32x4.mul(s, v128.load(b2 + offset, 16)));
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
  c += cPanel;
  v128.store(c, c2);
  v128.store(c, c3, 16);
  c += cPanel;
  v128.store(c, c4);
  v128.store(c, c5, 16);
}

/** 1 row × 1 panel: what `list3` leaves over. */
function list1(first: u32, end: u32, b: u32, init: u32, c: u32): void {
  let c0 = start(init);
  let c1 = start(init + 16);
  for (let at = first; at < end; at += 8) {
    const offset = load<u32>(at);
    const s = v128.load32_splat(at, 4);
    c0 = f32x4.add(c0, f32x4.mul(s, v128.load(b + offset)));
    c1 = f32x4.add(c1, f32x4.mul(s, v128.load(b + offset, 16)));
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
}
