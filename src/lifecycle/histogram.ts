/** Places of a histogram grow by this, so that the middle of one is wrong by 2 % at most; as SQL has it. */
const GROWTH = 1.04;
const SMALLEST = 0.001;

/** How many values lie at each place. */
export type Histogram = Readonly<Record<string, number>>;

/** Where a value lies. */
export function placeInHistogram(value: number): number {
  return Math.ceil(Math.log(Math.max(value, SMALLEST)) / Math.log(GROWTH));
}

/** The histogram with one more value. */
export function withValue(histogram: Histogram, value: number): Histogram {
  const place = placeInHistogram(value);
  return { ...histogram, [place]: (histogram[place] ?? 0) + 1 };
}

export function countOf(histogram: Histogram): number {
  return Object.values(histogram).reduce((sum, count) => sum + count, 0);
}

/** The value below which such a part (0 to 1) of the values lies, within 2 %; null where there are none. */
export function quantileOf(histogram: Histogram, part: number): number | null {
  const places = Object.entries(histogram)
    .map(([place, count]) => [Number(place), count] as const)
    .sort(([one], [other]) => one - other);
  const rank = part * (countOf(histogram) - 1);
  let before = 0;
  for (const [place, count] of places) {
    before += count;
    if (before > rank) return (2 * GROWTH ** place) / (1 + GROWTH);
  }
  return null;
}

/** Half of every count, where there are more than `limit`: what is new then weighs more. */
export function halvedAbove(histogram: Histogram, limit: number): Histogram {
  if (countOf(histogram) <= limit) return histogram;
  const halves = Object.entries(histogram).map(([place, count]) => [place, Math.ceil(count / 2)] as const);
  return Object.fromEntries(halves);
}
