/** What the thread that asks a controller is started for. */
export type ControllerTask =
  | { readonly kind: 'http'; readonly name: string; readonly url: string; readonly units: 'normalised' | 'physical' }
  | { readonly kind: 'onnx'; readonly name: string; readonly path: string };

export interface ControllerQuestion {
  /** [rows×O] */
  readonly observations: Float64Array;
  readonly rows: number;
  readonly actionSize: number;
}

export type ControllerAnswer =
  | { readonly type: 'ready' }
  /** [rows×A], all of them finite. */
  | { readonly type: 'actions'; readonly actions: Float64Array }
  /** `missing`: a package that would be needed is not installed. */
  | { readonly type: 'failed'; readonly reason: string; readonly missing: boolean };
