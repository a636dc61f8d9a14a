import { call, floats, input } from './wasm-backend.ts';
import type { Repair } from './wasm-backend.ts';
import { window } from './window.ts';

/** Most values of X̃ at a time (4 MiB): as many images as fit. */
const patchValues = 2 ** 20;

/**
 * `Conv2DBackpropFilter`, which the WASM backend lacks: `dW = X̃·dY`, where row (r, c, i) of X̃ holds channel i under the
 * filter's position (r, c), one column for each output position (im2col), so the sum is a matrix product for XNNPACK.
 *
 * Shapes: x [batch, height, width, channels], dY [batch, outHeight, outWidth, filters].
 */
export const convolutionFilterGradient: Repair = (tf) => {
  return ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'x');
    const dy = input(inputs, 'dy');
    const at = window(tf, x.shape, attrs['filterShape'] as number[], attrs);
    const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = at;
    const patch = at.filterHeight * at.filterWidth * inChannels;
    const positions = outHeight * outWidth;
    const out = backend.makeOutput(at.filterShape, 'float32');
    floats(backend, out).fill(0);
    const images = Math.max(1, Math.floor(patchValues / (patch * positions)));
    for (let first = 0; first < batchSize; first += images) {
      const count = Math.min(images, batchSize - first);
      const columns = count * positions;
      const patches = backend.makeOutput([patch, columns], 'float32');
      const slope = backend.makeOutput([columns, outChannels], 'float32');
      const [from, to] = [first * positions * outChannels, (first + count) * positions * outChannels];
      floats(backend, slope).set(floats(backend, dy).subarray(from, to));
      const source = floats(backend, x);
      const target = floats(backend, patches).fill(0);
      for (let r = 0, row = 0; r < at.filterHeight; r++) {
        for (let c = 0; c < at.filterWidth; c++, row += inChannels) {
          for (let image = 0; image < count; image++) {
            for (let outRow = 0; outRow < outHeight; outRow++) {
              const inRow = outRow * at.strideHeight + r * at.dilationHeight - at.padInfo.top;
              if (inRow < 0 || inRow >= inHeight) continue;
              for (let outColumn = 0; outColumn < outWidth; outColumn++) {
                const inColumn = outColumn * at.strideWidth + c * at.dilationWidth - at.padInfo.left;
                if (inColumn < 0 || inColumn >= inWidth) continue;
                const pixel = (((first + image) * inHeight + inRow) * inWidth + inColumn) * inChannels;
                const column = (image * outHeight + outRow) * outWidth + outColumn;
                for (let i = 0; i < inChannels; i++) target[(row + i) * columns + column] = source[pixel + i]!;
              }
            }
          }
        }
      }
      const part = call(tf, backend, 'BatchMatMul', { a: patches, b: slope }, { transposeA: false, transposeB: false });
      const sum = floats(backend, out);
      const added = floats(backend, part);
      for (let i = 0; i < sum.length; i++) sum[i]! += added[i]!;
      for (const { dataId } of [patches, slope, part]) backend.disposeData(dataId);
    }
    return out;
  };
};
