import type { EstimatePartsFragment } from "../generated/operations.js";
import { absolute, counted, roughly } from "./format.js";
import { useNow } from "./when.js";

/** When a job may end, with its range, and on hover what that follows from. Nothing where it is settled. */
export function EstimateText({ estimate }: { readonly estimate: EstimatePartsFragment | null }) {
  const nowMs = useNow();
  if (estimate === null) return null;
  const { at, earliest, latest, message, sampleSize } = estimate;
  if (at === null || earliest === null || latest === null) {
    return (
      <span className="faint" title={message}>
        no estimate<span className="for-readers">: {message}</span>
      </span>
    );
  }
  const until = (end: string): string => roughly(Math.max(0, Date.parse(end) - nowMs));
  const why = `${message} (based on ${counted(sampleSize, "sample")}; ${absolute(at)})`;
  return (
    <span title={why}>
      {Date.parse(latest) <= nowMs ? "any moment now" : `about ${until(at)} left`}
      {Date.parse(latest) > nowMs && (
        <span className="faint">
          {" "}
          ({until(earliest)} to {until(latest)})
        </span>
      )}
    </span>
  );
}
