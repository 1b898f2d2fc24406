import { type PartPlan, Refused } from "./part.ts";

/** A part that is left out, and why. */
export function skipped(reason: string): PartPlan {
  return { steps: [], notes: [], skipped: reason };
}

/** The plan, or the part left out where it cannot be made: the other parts go on. */
export function orSkipped(make: () => PartPlan): PartPlan {
  try {
    return make();
  } catch (error) {
    if (error instanceof Refused) return skipped(error.message);
    throw error;
  }
}
