import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json, whether we run from sources or from dist. */
function root(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, 'package.json'))) at = dirname(at);
  return at;
}

/** Where the parts of this installation are. */
export function installation(): {
  readonly root: string;
  readonly modelsDir: string;
  readonly consoleDir: string;
  readonly examplesDir: string;
} {
  const at = root();
  return {
    root: at,
    modelsDir: join(at, 'models'),
    consoleDir: join(at, 'dist', 'console'),
    examplesDir: join(at, 'examples'),
  };
}

export function version(): string {
  return (JSON.parse(readFileSync(join(root(), 'package.json'), 'utf8')) as { version: string }).version;
}

/** The scenario of `npm start`, as text with its file name. */
export function demoScenario(): { readonly text: string; readonly file: string } {
  const file = join(installation().examplesDir, 'bifurcation.yaml');
  return { text: readFileSync(file, 'utf8'), file };
}
