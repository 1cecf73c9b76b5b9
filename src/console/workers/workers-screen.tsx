import { Switch } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useAsked } from "../api/ask.js";
import { useEvery } from "../api/every.js";
import { WorkersDocument, type WorkerPartsFragment } from "../generated/operations.js";
import { count, counted } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { Empty, Shown } from "../parts/states.js";
import { useTitle } from "../parts/title.js";
import { WorkSections } from "./work-sections.js";
import { statusesInWords, worstFirst } from "./worker-health.js";
import { WorkersTable } from "./workers-table.js";

/** Workers have no stream of their own: what their loops last wrote is read this often. */
const LOOK_MS = 3_000;

/** The processes that run tasks: whether each goes round, what it takes, and how much of it is in use. */
export function WorkersScreen() {
  const { stopped = false } = useSearch({ from: "/workers" });
  const navigate = useNavigate({ from: "/workers" });
  const asked = useAsked(WorkersDocument, { includeStopped: stopped });
  useEvery(LOOK_MS, asked.again);
  useTitle("Workers");
  return (
    <div className="screen">
      <div className="screen-head">
        <h1>Workers</h1>
        <WorkSections />
        <span className="spread" />
        <Switch
          size="sm"
          label="Show stopped workers"
          checked={stopped}
          onChange={({ currentTarget }) =>
            void navigate({ search: { stopped: currentTarget.checked || undefined }, replace: true })
          }
        />
      </div>
      <Shown asked={asked} rows={6}>
        {({ workers }) =>
          workers.length === 0 ? (
            <NoWorkers />
          ) : (
            <>
              <Summary workers={workers} />
              <WorkersTable workers={worstFirst(workers)} />
            </>
          )
        }
      </Shown>
    </div>
  );
}

function Summary({ workers }: { readonly workers: readonly WorkerPartsFragment[] }) {
  const ill = workers.filter(({ status }) => status === "STALLED" || status === "LOST").length;
  const able = workers.filter(({ status }) => status === "RUNNING" || status === "STARTING");
  const places = able.reduce((sum, { concurrency }) => sum + concurrency, 0);
  const taken = able.reduce((sum, { running }) => sum + running, 0);
  const tone = able.length === 0 ? "bad" : ill > 0 ? "mixed" : "good";
  return (
    <div className={`verdict tone-${tone}`}>
      <Icon name={tone === "good" ? "check" : "warning"} size={22} />
      <strong role="status">
        {able.length === 0
          ? "No worker is accepting work."
          : ill > 0
            ? `${counted(ill, "worker")} ${ill === 1 ? "is" : "are"} not accepting work.`
            : "All workers are accepting work."}
      </strong>
      <span>
        {statusesInWords(workers)}; {count(taken)} of {counted(places, "slot")} in use
      </span>
    </div>
  );
}

function NoWorkers() {
  return (
    <Empty icon="server" title="No worker is running">
      Submitted jobs wait. Start a worker with <code>HEADWAY_ROLES=worker npx headway-api start</code> and the same{" "}
      <code>DATABASE_URL</code>; it appears here within a second or two.
    </Empty>
  );
}
