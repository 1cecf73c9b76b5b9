import type { CountPartsFragment, StagePartsFragment } from "../generated/operations.js";
import { count, counted, percent } from "./format.js";

interface Part {
  readonly name: string;
  readonly amount: number;
  readonly tone: string;
}

/** A bar of parts, told in words as well. */
function Bar({
  parts,
  total,
  label,
}: {
  readonly parts: readonly Part[];
  readonly total: number;
  readonly label: string;
}) {
  return (
    <span className="bar" role="img" aria-label={label} title={label}>
      {parts
        .filter(({ amount }) => amount > 0)
        .map(({ name, amount, tone }) => (
          <span
            key={name}
            className={`bar-part fill-${tone}`}
            style={{ width: `${(amount / Math.max(1, total)) * 100}%` }}
          />
        ))}
    </span>
  );
}

/** How a job's documents stand. */
export function CountsBar({ counts }: { readonly counts: CountPartsFragment }) {
  const { total, completed, failed, cancelled, skipped, running, queued } = counts;
  const parts: Part[] = [
    { name: "completed", amount: completed, tone: "good" },
    { name: "skipped", amount: skipped, tone: "ended" },
    { name: "failed", amount: failed, tone: "bad" },
    { name: "cancelled", amount: cancelled, tone: "ended" },
    { name: "running", amount: running, tone: "busy" },
    { name: "queued", amount: queued, tone: "quiet" },
  ];
  return <Bar parts={parts} total={total} label={countsInWords(counts)} />;
}

/** Such as "1,000 documents: 900 completed, 100 failed". */
export function countsInWords({ total, ...counts }: CountPartsFragment): string {
  const words = (["completed", "skipped", "failed", "cancelled", "running", "queued"] as const)
    .filter((name) => counts[name] > 0)
    .map((name) => `${count(counts[name])} ${name}`);
  return `${counted(total, "document")}${words.length > 0 ? `: ${words.join(", ")}` : ""}`;
}

/** How many of the documents are settled, as the bar beside it shows. */
export function settledOf({ completed, failed, cancelled, skipped }: CountPartsFragment): number {
  return completed + failed + cancelled + skipped;
}

export function ProgressText({ counts, progress }: { readonly counts: CountPartsFragment; readonly progress: number }) {
  return (
    <span className="numbers">
      {percent(progress)}{" "}
      <span className="faint">
        · {count(settledOf(counts))} of {count(counts.total)}
      </span>
    </span>
  );
}

/** The stages of a job as one line of small bars, each as long as its neighbours. */
export function StageStrip({
  stages,
  total,
}: {
  readonly stages: readonly StagePartsFragment[];
  readonly total: number;
}) {
  return (
    <ol className="strip" aria-label="Stages">
      {stages.map(({ stage, completed, failed, running, queued }) => (
        <li key={stage}>
          <span className="strip-name">{stage}</span>
          <Bar
            total={Math.max(total, completed + failed + running + queued)}
            label={`${stage}: ${stageInWords({ stage, completed, failed, running, queued })}`}
            parts={[
              { name: "completed", amount: completed, tone: "good" },
              { name: "failed", amount: failed, tone: "bad" },
              { name: "running", amount: running, tone: "busy" },
              { name: "queued", amount: queued, tone: "quiet" },
            ]}
          />
        </li>
      ))}
    </ol>
  );
}

export function stageInWords({ completed, failed, running, queued }: StagePartsFragment): string {
  return `${count(completed)} passed, ${count(running)} running, ${count(queued)} queued, ${count(failed)} failed`;
}
