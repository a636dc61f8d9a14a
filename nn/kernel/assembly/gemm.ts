// C[M×N] = init[M×N] + A[M×K]·B[K×N] on float32, for any strides, so that one function serves x·W, δ·Wᵀ and xᵀ·δ.
//
// N is walked in panels of 8 columns. Strides are in bytes: A by row and by k, B by k and by panel, C and init by row and by
// panel. An init with row stride 0 is a bias; init = C accumulates.
//
// Whatever the tile, an element is (((init + 0) + a₀b₀) + a₁b₁) + … in the order of k, without FMA: its bits depend neither on how
// many rows there are nor on the machine. The tile's shape only decides how many such sums are in flight: 4 rows × 8 columns and
// 2 × 16 hold 8 accumulators, which hides the latency of the addition and leaves registers for the operands (6 × 8 spills in V8
// and is a third slower). One row alone has no operand to share: 1 × 24 holds 6, for 1 × 32 spills and takes twice the time.
//
// A product with an a of 0 changes no sum of finite numbers: sums start at +0 or at a number that is not 0, and no sum of
// such is ever −0. So rows are walked as lists of their entries that are not 0 where there is one row, or where most entries are 0
// (behind a relu, before a mask): half of the work, and the same bits. `zeros` asks for every product: 0·∞ is not 0.

/** Where a row's list lies: pairs (byte offset into a panel, a). nn/kernel/heap.ts leaves these bytes to us. */
const list: u32 = 64;
/** Entries that fit: 8 bytes each. */
const listed: u32 = 1024;

export function gemm(
  a: u32,
  aRow: u32,
  aStep: u32,
  b: u32,
  bStep: u32,
  bPanel: u32,
  init: u32,
  initRow: u32,
  initPanel: u32,
  c: u32,
  cRow: u32,
  cPanel: u32,
  m: u32,
  k: u32,
  panels: u32,
  zeros: u32,
): void {
  if (m > 1 && !zeros && aStep == 4 && mostlyZero(a, aRow, m, k)) {
    for (let row: u32 = 0; row < m; row++) {
      rowByList(a, aStep, b, bStep, bPanel, init, initPanel, c, cPanel, k, panels, zeros);
      a += aRow;
      init += initRow;
      c += cRow;
    }
    return;
  }
  const bEnd = b + panels * bPanel;
  const fours = m >> 2;
  if (fours > 0) {
    let toInit = init;
    let toC = c;
    for (let panel = b; panel < bEnd; panel += bPanel) {
      for (let tile: u32 = 0; tile < fours; tile++) {
        const row = tile << 2;
        tile4(a + row * aRow, aRow, aStep, panel, bStep, toInit + row * initRow, initRow, toC + row * cRow, cRow, k);
      }
      toInit += initPanel;
      toC += cPanel;
    }
    a += (fours << 2) * aRow;
    init += (fours << 2) * initRow;
    c += (fours << 2) * cRow;
  }
  if (m & 2) {
    let panel: u32 = 0;
    for (; panel + 2 <= panels; panel += 2) {
      tile2(
        a,
        aRow,
        aStep,
        b + panel * bPanel,
        bStep,
        bPanel,
        init + panel * initPanel,
        initRow,
        initPanel,
        c + panel * cPanel,
        cRow,
        cPanel,
        k,
      );
    }
    if (panel < panels) {
      const last = b + panel * bPanel;
      const lastInit = init + panel * initPanel;
      const lastC = c + panel * cPanel;
      rowByList(a, aStep, last, bStep, bPanel, lastInit, initPanel, lastC, cPanel, k, 1, zeros);
      const second = lastInit + initRow;
      rowByList(a + aRow, aStep, last, bStep, bPanel, second, initPanel, lastC + cRow, cPanel, k, 1, zeros);
    }
    a += 2 * aRow;
    init += 2 * initRow;
    c += 2 * cRow;
  }
  if (m & 1) rowByList(a, aStep, b, bStep, bPanel, init, initPanel, c, cPanel, k, panels, zeros);
}

/** Whether fewer than 9 of 16 entries are not 0: then lists are faster than tiles. */
function mostlyZero(a: u32, aRow: u32, m: u32, k: u32): bool {
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
function rowByList(
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
    let end = list;
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
      list3(end, b + panel * bPanel, bPanel, init + panel * initPanel, initPanel, c + panel * cPanel, cPanel);
    }
    for (; panel < panels; panel++) list1(end, b + panel * bPanel, init + panel * initPanel, c + panel * cPanel);
    k -= block;
    if (k == 0) return;
    b += block * bStep;
    init = c;
    initPanel = cPanel;
  }
}

/** 1 row × 3 panels. */
function list3(end: u32, b: u32, bPanel: u32, init: u32, initPanel: u32, c: u32, cPanel: u32): void {
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
  for (let at = list; at < end; at += 8) {
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
function list1(end: u32, b: u32, init: u32, c: u32): void {
  let c0 = start(init);
  let c1 = start(init + 16);
  for (let at = list; at < end; at += 8) {
    const offset = load<u32>(at);
    const s = v128.load32_splat(at, 4);
    c0 = f32x4.add(c0, f32x4.mul(s, v128.load(b + offset)));
    c1 = f32x4.add(c1, f32x4.mul(s, v128.load(b + offset, 16)));
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
}

/** What a sum starts from, −0 made +0. */
function start(init: u32): v128 {
  return f32x4.add(v128.load(init), f32x4.splat(0));
}

/** 4 rows × 1 panel. */
function tile4(
  a: u32,
  aRow: u32,
  aStep: u32,
  b: u32,
  bStep: u32,
  init: u32,
  initRow: u32,
  c: u32,
  cRow: u32,
  k: u32,
): void {
  let a1 = a + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  let c00 = start(init);
  let c01 = start(init + 16);
  init += initRow;
  let c10 = start(init);
  let c11 = start(init + 16);
  init += initRow;
  let c20 = start(init);
  let c21 = start(init + 16);
  init += initRow;
  let c30 = start(init);
  let c31 = start(init + 16);
  for (let i: u32 = 0; i < k; i++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = f32x4.add(c00, f32x4.mul(s, b0));
    c01 = f32x4.add(c01, f32x4.mul(s, b1));
    s = v128.load32_splat(a1);
    c10 = f32x4.add(c10, f32x4.mul(s, b0));
    c11 = f32x4.add(c11, f32x4.mul(s, b1));
    s = v128.load32_splat(a2);
    c20 = f32x4.add(c20, f32x4.mul(s, b0));
    c21 = f32x4.add(c21, f32x4.mul(s, b1));
    s = v128.load32_splat(a3);
    c30 = f32x4.add(c30, f32x4.mul(s, b0));
    c31 = f32x4.add(c31, f32x4.mul(s, b1));
    a += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    b += bStep;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += cRow;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += cRow;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += cRow;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

/** 2 rows × 2 panels. */
function tile2(
  a: u32,
  aRow: u32,
  aStep: u32,
  b: u32,
  bStep: u32,
  bPanel: u32,
  init: u32,
  initRow: u32,
  initPanel: u32,
  c: u32,
  cRow: u32,
  cPanel: u32,
  k: u32,
): void {
  let a1 = a + aRow;
  let next = b + bPanel;
  let c00 = start(init);
  let c01 = start(init + 16);
  let c10 = start(init + initRow);
  let c11 = start(init + initRow + 16);
  init += initPanel;
  let c02 = start(init);
  let c03 = start(init + 16);
  let c12 = start(init + initRow);
  let c13 = start(init + initRow + 16);
  for (let i: u32 = 0; i < k; i++) {
    const s = v128.load32_splat(a);
    const t = v128.load32_splat(a1);
    let w = v128.load(b);
    c00 = f32x4.add(c00, f32x4.mul(s, w));
    c10 = f32x4.add(c10, f32x4.mul(t, w));
    w = v128.load(b, 16);
    c01 = f32x4.add(c01, f32x4.mul(s, w));
    c11 = f32x4.add(c11, f32x4.mul(t, w));
    w = v128.load(next);
    c02 = f32x4.add(c02, f32x4.mul(s, w));
    c12 = f32x4.add(c12, f32x4.mul(t, w));
    w = v128.load(next, 16);
    c03 = f32x4.add(c03, f32x4.mul(s, w));
    c13 = f32x4.add(c13, f32x4.mul(t, w));
    a += aStep;
    a1 += aStep;
    b += bStep;
    next += bStep;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c + cRow, c10);
  v128.store(c + cRow, c11, 16);
  c += cPanel;
  v128.store(c, c02);
  v128.store(c, c03, 16);
  v128.store(c + cRow, c12);
  v128.store(c + cRow, c13, 16);
}
