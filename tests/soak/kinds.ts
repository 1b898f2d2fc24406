import type { Most } from "./excesses.ts";

/** How a run of some length is made, and what is no leak in it. */
export interface Kind {
  readonly most: Most;
  readonly requests?: number;
  readonly youngMiB?: number;
}

/** The gate as its users have it: this load takes V8 two minutes to as much memory as it wants, and that is not a leak. */
export const long: Kind = { most: { resident: 100, live: 20 } };

/** V8 gets less, and comes to it sooner; what its collections move weighs more in fewer requests. */
export const short: Kind = { most: { resident: 2500, live: 200 }, requests: 40_000, youngMiB: 1 };

/** The kind for so many seconds. */
export const kindOf = (seconds: number): Kind => seconds < 300 ? short : long;
