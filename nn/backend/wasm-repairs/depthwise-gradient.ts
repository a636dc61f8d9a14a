import { floats, input } from './wasm-backend.ts';
import type { Repair } from './wasm-backend.ts';
import { window } from './window.ts';
import type { Window } from './window.ts';

/** `DepthwiseConv2dNativeBackpropInput`, which the WASM backend lacks: `dX[p] = Σ W[w]·dY[o]` over all (o, w) that read pixel p. */
export const depthwiseInputGradient: Repair = (tf) => {
  return ({ inputs, attrs, backend }) => {
    const dy = input(inputs, 'dy');
    const filter = input(inputs, 'filter');
    const at = window(tf, attrs['inputShape'] as number[], filter.shape, attrs, true);
    const out = backend.makeOutput(at.inShape, 'float32');
    const dX = floats(backend, out).fill(0);
    const dY = floats(backend, dy);
    const w = floats(backend, filter);
    const { inChannels } = at;
    const multiplier = at.outChannels / inChannels;
    everyReading(at, (x, y, weight) => {
      for (let channel = 0; channel < inChannels; channel++) {
        let sum = 0;
        for (let m = 0; m < multiplier; m++, y++, weight++) sum += w[weight]! * dY[y]!;
        dX[x + channel]! += sum;
      }
    });
    return out;
  };
};

/** `DepthwiseConv2dNativeBackpropFilter`, which the WASM backend lacks: `dW[w] = Σ X[p]·dY[o]` over all (o, p) where w is used. */
export const depthwiseFilterGradient: Repair = (tf) => {
  return ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'x');
    const dy = input(inputs, 'dy');
    const at = window(tf, x.shape, attrs['filterShape'] as number[], attrs, true);
    const out = backend.makeOutput(at.filterShape, 'float32');
    const dW = floats(backend, out).fill(0);
    const pixels = floats(backend, x);
    const dY = floats(backend, dy);
    const { inChannels } = at;
    const multiplier = at.outChannels / inChannels;
    everyReading(at, (pixel, y, weight) => {
      for (let channel = 0; channel < inChannels; channel++) {
        const value = pixels[pixel + channel]!;
        for (let m = 0; m < multiplier; m++, y++, weight++) dW[weight]! += value * dY[y]!;
      }
    });
    return out;
  };
};

/** Calls with the first channel's offset of an input pixel, an output position and a weight, wherever the three meet. */
function everyReading(at: Window, visit: (x: number, y: number, weight: number) => void): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = at;
  for (let image = 0; image < batchSize; image++) {
    for (let outRow = 0; outRow < outHeight; outRow++) {
      for (let r = 0; r < at.filterHeight; r++) {
        const inRow = outRow * at.strideHeight + r * at.dilationHeight - at.padInfo.top;
        if (inRow < 0 || inRow >= inHeight) continue;
        for (let outColumn = 0; outColumn < outWidth; outColumn++) {
          const y = ((image * outHeight + outRow) * outWidth + outColumn) * outChannels;
          for (let c = 0; c < at.filterWidth; c++) {
            const inColumn = outColumn * at.strideWidth + c * at.dilationWidth - at.padInfo.left;
            if (inColumn < 0 || inColumn >= inWidth) continue;
            visit(
              ((image * inHeight + inRow) * inWidth + inColumn) * inChannels,
              y,
              (r * at.filterWidth + c) * outChannels,
            );
          }
        }
      }
    }
  }
}
