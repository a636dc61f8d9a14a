import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { FaultlineError } from '../core/errors.ts';

/** Pictures need packages that are not installed. */
export class RendererError extends FaultlineError {
  readonly code = 'renderer';
}

/** Pixels for one of the figure: readable on a screen of twice the density, and on paper. */
const zoom = 2;

/**
 * An SVG figure as PNG, drawn with one font that comes with the package, so that pictures are the same on every machine.
 * @throws {RendererError} when `@resvg/resvg-js` or `dejavu-fonts-ttf` is not installed
 */
export async function figurePng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await resvg();
  const drawn = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: zoom },
    font: {
      loadSystemFonts: false,
      fontFiles: [fontFile()],
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
    },
  });
  return drawn.render().asPng();
}

async function resvg(): Promise<typeof import('@resvg/resvg-js')> {
  try {
    return await import('@resvg/resvg-js');
  } catch (cause) {
    throw new RendererError('PNG files need the package @resvg/resvg-js: npm install @resvg/resvg-js', { cause });
  }
}

function fontFile(): string {
  const name = join('ttf', 'DejaVuSans.ttf');
  try {
    const file = join(dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')), name);
    if (existsSync(file)) return file;
  } catch {
    // said below
  }
  throw new RendererError('PNG files need a font, the package dejavu-fonts-ttf: npm install dejavu-fonts-ttf');
}
