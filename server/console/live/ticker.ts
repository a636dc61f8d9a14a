/** One rAF loop for all charts: draws at most 20 times a second, and only when something asked for it. */
const minIntervalMs = 50;
const drawers = new Set<() => void>();
let scheduled = false;
let wanted = false;
let drawnAt = 0;

/** Adds a drawer; the returned function removes it. */
export function onDraw(draw: () => void): () => void {
  drawers.add(draw);
  requestDraw();
  return () => drawers.delete(draw);
}

/** Asks for a redraw of everything at the next turn. */
export function requestDraw(): void {
  wanted = true;
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(turn);
}

function turn(now: number): void {
  scheduled = false;
  if (!wanted) return;
  if (now - drawnAt < minIntervalMs) {
    scheduled = true;
    requestAnimationFrame(turn);
    return;
  }
  wanted = false;
  drawnAt = now;
  for (const draw of drawers) draw();
}
