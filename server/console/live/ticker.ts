/** One rAF loop for all charts: each is drawn at most 20 times a second, and only when something asked for it. */
const minIntervalMs = 50;
/** After so long, and a third of them, the others have their turn in the next frame of the page: many charts that are drawn as a whole hold none of them up. */
const budgetMs = 4;
const mostTurns = 3;
const drawers = new Set<() => void>();
const waiting = new Set<() => void>();
let scheduled = false;
let wanted = false;
let drawnAt = 0;

/** Adds a drawer; the returned function removes it. */
export function onDraw(draw: () => void): () => void {
  drawers.add(draw);
  requestDraw();
  return () => {
    drawers.delete(draw);
    waiting.delete(draw);
  };
}

/** Asks for a redraw of everything at the next turn. */
export function requestDraw(): void {
  wanted = true;
  schedule();
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(turn);
}

function turn(now: number): void {
  scheduled = false;
  if (waiting.size === 0 && wanted && now - drawnAt >= minIntervalMs) {
    wanted = false;
    drawnAt = now;
    for (const draw of drawers) waiting.add(draw);
  }
  const begun = performance.now();
  let least = Math.ceil(drawers.size / mostTurns);
  for (const draw of waiting) {
    waiting.delete(draw);
    draw();
    if (--least <= 0 && performance.now() - begun > budgetMs) break;
  }
  if (wanted || waiting.size > 0) schedule();
}
