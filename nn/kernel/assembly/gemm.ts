// C[M×N] = init[M×N] + A[M×K]·B[K×N] on float32, for any strides, so that one function serves x·W, δ·Wᵀ and xᵀ·δ.
//
// N is walked in panels of 8 columns. Strides are in bytes: A by row and by k, B by k and by panel, C and init by row and by
// panel. An init with row stride 0 is a bias; init = C accumulates.
//
// Whatever the tile, an element is (((init + 0) + a₀b₀) + a₁b₁) + … in the order of k, without FMA: its bits depend neither on how
// many rows there are nor on the machine. The tile's shape only decides how many such sums are in flight: 4 rows × 8 columns and
// 2 × 16 hold 8 accumulators, which hides the latency of the addition and leaves registers for the operands (6 × 8 spills in V8
// and is a third slower).
//
// Rows that are mostly 0, and rows that are alone, are walked as lists (row-list.ts), with the same bits.
import { mostlyZero, rowByList } from './row-list';
import { start } from './start';

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
