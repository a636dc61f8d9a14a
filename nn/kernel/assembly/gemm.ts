// C[M×N] = init[M×N] + A[M×K]·B[K×N] on float32, for any strides, so that one function serves x·W, δ·Wᵀ and xᵀ·δ.
//
// N is walked in panels of 8 columns. Strides are in bytes: A by row and by k, B by k and by panel, C and init by row and by
// panel. An init with row stride 0 is a bias; init = C accumulates.
//
// Whatever the tile, an element is ((init + a₀b₀) + a₁b₁) + … in the order of k, without FMA: its bits depend neither on how
// many rows there are nor on the machine. The tile's shape only decides how many such sums are in flight: 4 rows × 8 columns,
// 2 × 16 and 1 × 32 all hold 8 accumulators, which hides the latency of the addition and leaves registers for the operands
// (6 × 8 spills in V8 and is a third slower).

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
): void {
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
      tile1(a, aStep, last, bStep, lastInit, lastC, k);
      tile1(a + aRow, aStep, last, bStep, lastInit + initRow, lastC + cRow, k);
    }
    a += 2 * aRow;
    init += 2 * initRow;
    c += 2 * cRow;
  }
  if (m & 1) {
    let panel: u32 = 0;
    for (; panel + 4 <= panels; panel += 4) {
      const toInit = init + panel * initPanel;
      tile1x4(a, aStep, b + panel * bPanel, bStep, bPanel, toInit, initPanel, c + panel * cPanel, cPanel, k);
    }
    for (; panel < panels; panel++) {
      tile1(a, aStep, b + panel * bPanel, bStep, init + panel * initPanel, c + panel * cPanel, k);
    }
  }
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
  let c00 = v128.load(init);
  let c01 = v128.load(init, 16);
  init += initRow;
  let c10 = v128.load(init);
  let c11 = v128.load(init, 16);
  init += initRow;
  let c20 = v128.load(init);
  let c21 = v128.load(init, 16);
  init += initRow;
  let c30 = v128.load(init);
  let c31 = v128.load(init, 16);
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
  let c00 = v128.load(init);
  let c01 = v128.load(init, 16);
  let c10 = v128.load(init + initRow);
  let c11 = v128.load(init + initRow, 16);
  init += initPanel;
  let c02 = v128.load(init);
  let c03 = v128.load(init, 16);
  let c12 = v128.load(init + initRow);
  let c13 = v128.load(init + initRow, 16);
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

/** 1 row × 4 panels: the closed loop's shape. */
function tile1x4(
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
): void {
  let b1 = b + bPanel;
  let b2 = b1 + bPanel;
  let b3 = b2 + bPanel;
  let c0 = v128.load(init);
  let c1 = v128.load(init, 16);
  init += initPanel;
  let c2 = v128.load(init);
  let c3 = v128.load(init, 16);
  init += initPanel;
  let c4 = v128.load(init);
  let c5 = v128.load(init, 16);
  init += initPanel;
  let c6 = v128.load(init);
  let c7 = v128.load(init, 16);
  for (let i: u32 = 0; i < k; i++) {
    const s = v128.load32_splat(a);
    c0 = f32x4.add(c0, f32x4.mul(s, v128.load(b)));
    c1 = f32x4.add(c1, f32x4.mul(s, v128.load(b, 16)));
    c2 = f32x4.add(c2, f32x4.mul(s, v128.load(b1)));
    c3 = f32x4.add(c3, f32x4.mul(s, v128.load(b1, 16)));
    c4 = f32x4.add(c4, f32x4.mul(s, v128.load(b2)));
    c5 = f32x4.add(c5, f32x4.mul(s, v128.load(b2, 16)));
    c6 = f32x4.add(c6, f32x4.mul(s, v128.load(b3)));
    c7 = f32x4.add(c7, f32x4.mul(s, v128.load(b3, 16)));
    a += aStep;
    b += bStep;
    b1 += bStep;
    b2 += bStep;
    b3 += bStep;
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
  c += cPanel;
  v128.store(c, c2);
  v128.store(c, c3, 16);
  c += cPanel;
  v128.store(c, c4);
  v128.store(c, c5, 16);
  c += cPanel;
  v128.store(c, c6);
  v128.store(c, c7, 16);
}

/** 1 row × 1 panel: what the others leave over. */
function tile1(a: u32, aStep: u32, b: u32, bStep: u32, init: u32, c: u32, k: u32): void {
  let c0 = v128.load(init);
  let c1 = v128.load(init, 16);
  for (let i: u32 = 0; i < k; i++) {
    const s = v128.load32_splat(a);
    c0 = f32x4.add(c0, f32x4.mul(s, v128.load(b)));
    c1 = f32x4.add(c1, f32x4.mul(s, v128.load(b, 16)));
    a += aStep;
    b += bStep;
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
}
