// The kernel of nn/wasm-network.ts. Build: `npm run build:kernel`.
export { activate, chain } from './activation';
export { blend, conjugate, rowProducts, signStep } from './ascent';
export { help, share } from './crew';
export { gemm } from './gemm';
export { clear, copyRows, transpose } from './layout';
export { adam, lerp, rmsprop, sumRows, sumSquares } from './update';
