/** The index of the bin whose action is nearest to the wanted one; the first of equals. @param values [K] the bins' actions */
export function nearestBin(values: readonly number[], action: number): number {
  let nearest = 0;
  for (let i = 1; i < values.length; i++)
    if (Math.abs(values[i]! - action) < Math.abs(values[nearest]! - action)) nearest = i;
  return nearest;
}
