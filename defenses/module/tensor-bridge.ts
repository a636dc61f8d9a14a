import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { GradientAccess } from '../../core/victim.ts';
import type { LogitModel } from '../../logits/contract.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { Network } from '../../nn/network.ts';
import { decodeAction } from '../../nn/victim.ts';
import { ofController, ofNetwork } from './fused.ts';
import type { RowFunction } from './fused.ts';

/**
 * A controller as logit modules see models: tensors in and out, computed by its own arithmetic, so that its logits are the same bits;
 * differentiable by the observation. It borrows the controller.
 */
export function tensorModel(tf: Tensorflow, access: GradientAccess): LogitModel<Tensor> {
  return { k: access.logitsSize, logits: onTensors(tf, ofController(access)) };
}

/** A network as a differentiable function of tensors [B×I] → [B×K]. It borrows the network. */
export function tensorFunction(tf: Tensorflow, network: Network): (x: Tensor) => Tensor2D {
  return onTensors(tf, ofNetwork(network));
}

/** A model of tensors in a victim's place, white box. It borrows the model, and reads at once: the backend has to allow it. */
export function tensorAccess(tf: Tensorflow, model: LogitModel<Tensor>, victim: GradientAccess): GradientAccess {
  const { head, observationSize, actionSize, logitsSize } = victim;
  const asTensor = (x: Float32Array, rows: number): Tensor2D =>
    tf.tensor2d(x.slice(0, rows * observationSize), [rows, observationSize]);
  const logitsOf = (x: Float32Array, rows: number): Float32Array => read(tf, () => model.logits(asTensor(x, rows)));
  return {
    head,
    observationSize,
    actionSize,
    logitsSize,
    decide(x, rows, action) {
      if (rows > 0) decodeAction(head, logitsOf(x, rows), rows, action);
    },
    logits(x, rows, out) {
      if (rows > 0) out.set(logitsOf(x, rows));
    },
    valueAndGradient({ objective, goal }, x, rows, value, gradient) {
      if (rows === 0) return;
      const slope = new Float32Array(rows * logitsSize);
      objective.evaluate(head, logitsOf(x, rows), goal, rows, value, slope);
      const dX = read(tf, () => {
        const dLogits = tf.tensor2d(slope, [rows, logitsSize]);
        return tf.grad((input: Tensor) => model.logits(input))(asTensor(x, rows), dLogits);
      });
      gradient.set(dX);
    },
  };
}

/** The values of what is computed. */
function read(tf: Tensorflow, compute: () => Tensor): Float32Array {
  const tensor = tf.tidy(compute);
  const values = tensor.dataSync<'float32'>();
  tensor.dispose();
  return values;
}

function onTensors(tf: Tensorflow, { inputs, outputs, value, pullback }: RowFunction): (x: Tensor) => Tensor2D {
  return tf.customGrad((...given) => {
    const [x, save] = given as unknown as [Tensor, (tensors: Tensor[]) => void];
    const rows = x.shape[0]!;
    const out = new Float32Array(rows * outputs);
    value(x.dataSync<'float32'>(), rows, out);
    save([x]);
    return {
      value: tf.tensor2d(out, [rows, outputs]),
      gradFunc(dy: Tensor, saved: Tensor[]) {
        const dX = new Float32Array(rows * inputs);
        pullback(saved[0]!.dataSync<'float32'>(), rows, dy.dataSync<'float32'>(), dX);
        return tf.tensor2d(dX, [rows, inputs]);
      },
    };
  }) as (x: Tensor) => Tensor2D;
}
