import { HeadwayError } from "../errors.js";

/** Why a running stage is to stop; the reason of its signal. "not recorded": a stage before could not be. */
export type StopReason = "cancelled" | "lease lost" | "shutting down" | "timed out" | "not recorded";

export class Stopped extends HeadwayError {
  constructor(readonly reason: StopReason) {
    super("STOPPED", `The stage was stopped: ${reason}.`);
  }
}
