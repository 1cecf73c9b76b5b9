import { compact, textIn, type Given } from "./search.js";

/** Which workers are listed. */
export interface WorkersSearch {
  readonly stopped?: boolean;
}

/** Where doctor looks. */
export interface DoctorSearch {
  readonly since?: DoctorSpan;
  /** The id of a job. */
  readonly job?: string;
}
/** How far back settled work is looked at. */
export const DOCTOR_SPANS = ["hour", "day", "week", "month"] as const;
export type DoctorSpan = (typeof DOCTOR_SPANS)[number];

export function workersSearch({ stopped }: Given): WorkersSearch {
  return String(stopped) === "true" ? { stopped: true } : {};
}

export function doctorSearch({ since, job }: Given): DoctorSearch {
  return compact({ since: DOCTOR_SPANS.find((span) => span === since), job: textIn(job) });
}

/** A page of a list: what lies behind one cursor, or before another. */
export function pageSearch({ after, before }: Given): { readonly after?: string; readonly before?: string } {
  return compact({ after: textIn(after), before: textIn(before) });
}
