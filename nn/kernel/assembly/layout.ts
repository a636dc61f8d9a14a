// Moving data between the row-major arrays of the interface and the padded ones of the kernel.

/** Copies `rows` rows of `columns` floats between two row strides in bytes; what lies between rows is left alone. */
export function copyRows(from: u32, fromRow: u32, to: u32, toRow: u32, rows: u32, columns: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    memory.copy(to, from, columns * 4);
    from += fromRow;
    to += toRow;
  }
}

/** Sets `count` floats to 0: much faster than JavaScript does it in shared memory. */
export function clear(from: u32, count: u32): void {
  memory.fill(from, 0, count * 4);
}

/**
 * Wᵀ in panels from W in panels. Panel p of W [K×N] holds its columns 8p … 8p+7 as [K×8]; so does Wᵀ [N×K] with K and N
 * exchanged, and a square block of 64 floats is contiguous in both.
 */
export function transpose(from: u32, to: u32, inputPanels: u32, outputPanels: u32): void {
  for (let o: u32 = 0; o < outputPanels; o++) {
    for (let i: u32 = 0; i < inputPanels; i++) {
      const block = to + (i * outputPanels + o) * 256;
      quarter(from, block);
      quarter(from + 16, block + 128);
      quarter(from + 128, block + 16);
      quarter(from + 144, block + 144);
      from += 256;
    }
  }
}

/** Transposes 4×4 floats between rows of 8. */
function quarter(from: u32, to: u32): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from, 32);
  const r2 = v128.load(from, 64);
  const r3 = v128.load(from, 96);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
  v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
  v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
}
