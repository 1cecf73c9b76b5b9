/** A pair must reach this: same amount and day with a merchant that has something in common, or better than that. */
export const ACCEPTED = 0.75;
/** Two ways to match whose sums are nearer than this are as good as each other: a person must decide. */
export const TIE = 0.04;
