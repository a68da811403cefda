/** What can be measured, in the order it is. */
export const workloadNames = ["limits", "insert", "lifecycle", "scale", "watch", "sustained"] as const;

export type WorkloadName = (typeof workloadNames)[number];
