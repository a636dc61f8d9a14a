import { BackendError } from '../../core/errors.ts';
import type { WebgpuBackend } from './webgpu-failure.ts';

/** As much of a program of TensorFlow.js's WebGPU backend as we touch. */
interface Program {
  readonly shaderKey: string;
  getUserCode: (this: Program) => string;
}

/** How the stock shaders of matrix products read their second factor: rows beyond its end too. */
const unboundedRead = /(fn mm_readB\([^)]*\)[^{]*\{\s*var value = [^;]+;)\s*(value = getB\([^;]*;)/;

/** Classes of programs that are repaired, once however often a backend is opened. */
const repaired = new WeakSet<object>();

/**
 * Matrix products whose matrices do not touch each other. A stock product of many pairs is computed in tiles; where the inner dimension fills
 * none, a tile reads rows of the second factor beyond its end, which are those of the next matrix, and counts on the zeros that it has for the
 * first factor there. 0 times NaN or an infinity is NaN: one diverging net of a stack spoils the others, one after another.
 */
export function repairWebgpu(backend: WebgpuBackend): void {
  const run = backend.runWebGPUProgram.bind(backend);
  backend.runWebGPUProgram = (...given) => {
    const program = given[0] as Program;
    if (program.shaderKey.startsWith('matMul')) bound(Object.getPrototypeOf(program) as Program);
    return run(...given);
  };
}

function bound(kind: Program): void {
  if (repaired.has(kind)) return;
  repaired.add(kind);
  const stock = kind.getUserCode;
  kind.getUserCode = function (this: Program) {
    return withBounds(stock.call(this), this.shaderKey);
  };
}

/** @throws {BackendError} when the shader is not the one that this was written for. */
export function withBounds(shader: string, name: string): string {
  if (!unboundedRead.test(shader))
    throw new BackendError(`the WebGPU program ${name} reads its second factor in a way that is not known here`);
  return shader.replace(unboundedRead, '$1\n    if (row < uniforms.dimInner && col < uniforms.dimBOuter) { $2 }');
}
