/** What a sum starts from, −0 made +0. */
export function start(init: u32): v128 {
  return f32x4.add(v128.load(init), f32x4.splat(0));
}
