import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { LogitModel, LogitModule } from '../contract.ts';
import { determination } from '../statistic/determination.ts';
import { agreement, decisionsOf } from './agreement.ts';
import { distil } from './distil.ts';
import type { Distilled, DistilOptions, Examples } from './distil.ts';
import type { Student } from './student.ts';

/** What a student is worth beside its teacher, on rows of one's choice. */
export interface DistillationReport {
  /** Shares of right decisions; the auxiliary head's is what would be lost or won by deploying it. */
  readonly accuracy: { readonly teacher: number; readonly main: number; readonly auxiliary: number };
  /** Share of rows that the main head decides as the teacher does. */
  readonly agreement: number;
  /** R² of each head's logits beside the teacher's: the level of logits is known to a head that imitates them, and to no other. */
  readonly determination: { readonly main: number; readonly auxiliary: number };
}

/**
 * Distillation as a logit module of strength α: what it wraps is the teacher, and what it gives in its place is the student's main head. At
 * strength 0 nothing is distilled, and the teacher stays.
 * @param student becomes the module's to dispose
 */
export function distillation(
  tf: Tensorflow,
  student: Student,
  options: DistilOptions,
): LogitModule<Tensor, Examples, Distilled, DistillationReport> {
  return new Distillation(tf, student, options);
}

class Distillation implements LogitModule<Tensor, Examples, Distilled, DistillationReport> {
  readonly id = 'dhkd';
  readonly strength: number;
  readonly #tf: Tensorflow;
  readonly #student: Student;
  readonly #options: DistilOptions;

  constructor(tf: Tensorflow, student: Student, options: DistilOptions) {
    this.strength = options.objective.alpha;
    this.#tf = tf;
    this.#student = student;
    this.#options = options;
  }

  fit(examples: Examples, rng: Rng): Promise<Distilled> {
    return distil(this.#tf, this.#student, examples, this.#options, rng);
  }

  wrap(base: LogitModel<Tensor>): LogitModel<Tensor> {
    const student = this.#student;
    if (base.k !== student.classes)
      throw new ShapeError(`distillation: the teacher has ${base.k} alternatives, expected ${student.classes}`);
    if (this.strength === 0) return base;
    return { k: base.k, logits: (x) => student.logits(this.#tf, x as Tensor2D) };
  }

  async report({ x, labels, teacher }: Examples): Promise<DistillationReport> {
    const { classes } = this.#student;
    const main = new Float32Array(labels.length * classes);
    const auxiliary = new Float32Array(labels.length * classes);
    await this.#student.forward(x, labels.length, main, auxiliary);
    const right = (z: Float32Array): number => agreement(decisionsOf(z, classes), labels);
    return {
      accuracy: { teacher: right(teacher), main: right(main), auxiliary: right(auxiliary) },
      agreement: agreement(decisionsOf(main, classes), decisionsOf(teacher, classes)),
      determination: { main: determination(main, teacher), auxiliary: determination(auxiliary, teacher) },
    };
  }

  [Symbol.dispose](): void {
    this.#student[Symbol.dispose]();
  }
}
