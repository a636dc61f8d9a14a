import { Option } from '@commander-js/extra-typings';

/** `--backend NAME`, or else FAULTLINE_BACKEND, for every command that computes with tensors: forced means never another one. */
export function backendOption(): Option<'--backend <name>'> {
  return new Option('--backend <name>', 'force a tensor backend; fails instead of falling back').env(
    'FAULTLINE_BACKEND',
  );
}
