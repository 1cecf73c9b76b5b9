import { Tabs } from "@mantine/core";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useClient } from "urql";
import { useAsked, useThrottled, type Asked } from "../api/ask.js";
import { useChanges } from "../api/changes.js";
import { useEvery } from "../api/every.js";
import { TaskHistoryDocument, TaskPageDocument, type TaskHistoryQuery } from "../generated/operations.js";
import { ChangeList } from "../parts/change-list.js";
import { Empty, FaultNote, Loading, Panel, Shown } from "../parts/states.js";
import { useTitle } from "../parts/title.js";
import { WarningList } from "../parts/warnings.js";
import { TASK_TABS, type TaskSearch, type TaskTab } from "../shell/search-of-task.js";
import { DocumentFacts } from "./document-facts.js";
import { DocumentChunks } from "./document-text.js";
import type { ShownTask } from "./shown-task.js";
import { StageOutputs } from "./stage-outputs.js";
import { TaskTakes } from "./takes.js";
import { RefusedWrites, TaskFault } from "./task-fault.js";
import { nameOfTask, TaskHead } from "./task-head.js";
import { TaskLogs } from "./task-logs.js";
import { useWorkerNames } from "./worker-names.js";

/** What has no stream of its own, such as progress within a stage, is read this often while the task is open. */
const LOOK_MS = 3_000;
const HISTORY_PAGE = 100;
const TITLES: Readonly<Record<TaskTab, string>> = {
  logs: "Logs",
  outputs: "Inputs and outputs",
  text: "Text and chunks",
  document: "Document",
  history: "History",
};

/** One task: where its time went, why it is as it is, what it has written, and what came of its document. */
export function TaskScreen() {
  const { id } = useParams({ from: "/tasks/$id" });
  // Another task is another screen: nothing of the one before may stay in it.
  return <OneTaskScreen key={id} id={id} />;
}

function OneTaskScreen({ id }: { readonly id: string }) {
  const asked = useAsked(TaskPageDocument, { id });
  const history = useAsked(TaskHistoryDocument, { id, last: HISTORY_PAGE, before: null });
  const task = asked.data?.task;
  const reread = useThrottled(() => {
    asked.again();
    history.again();
  }, 500);
  useChanges({
    after: asked.data?.streamCursor,
    entityTypes: ["TASK"],
    taskId: id,
    onChanges: reread,
    onGap: reread,
  });
  useEvery(LOOK_MS, () => {
    if (task && task.finishedAt === null) asked.again();
  });
  useTitle(task ? `${nameOfTask(task)} · ${task.job.pipeline}` : "Task");
  if (task) {
    return (
      <div className="screen">
        <TaskHead task={task} onDone={reread} />
        {asked.fault && <FaultNote fault={asked.fault} again={asked.again} />}
        <TaskParts task={task} history={history} />
      </div>
    );
  }
  // No cursor is given for what is not there, and so nothing is answered.
  const isUnknown = asked.fault?.code === "BAD_USER_INPUT" || (asked.data !== undefined && task === null);
  return (
    <div className="screen">
      <h1 className="for-readers">Task</h1>
      {asked.fault && !isUnknown && <FaultNote fault={asked.fault} again={asked.again} />}
      {asked.isLoading && <Loading rows={8} />}
      {isUnknown && (
        <Empty title="Task not found">
          No task with the ID <code>{id}</code> exists, or this key can't access it.{" "}
          <Link to="/jobs">View all jobs</Link>.
        </Empty>
      )}
    </div>
  );
}

type History = NonNullable<TaskHistoryQuery["task"]>["history"];

function TaskParts({ task, history }: { readonly task: ShownTask; readonly history: Asked<TaskHistoryQuery> }) {
  const search = useSearch({ from: "/tasks/$id" });
  const navigate = useNavigate({ from: "/tasks/$id" });
  const client = useClient();
  const { id, version, document, warnings, stages, refusedWrites } = task;
  const nameOf = useWorkerNames([...stages, ...refusedWrites].map(({ worker }) => worker));
  const change = (part: Partial<TaskSearch>): void => {
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true, resetScroll: false });
  };
  const retriedAt = (history.data?.task?.history.nodes ?? [])
    .filter(({ reason }) => reason === "RETRIED_BY_REQUEST")
    .map(({ at }) => at);
  const readBefore = async (before: string | null): Promise<History | null> => {
    const variables = { id, last: HISTORY_PAGE, before };
    const { data } = await client.query(TaskHistoryDocument, variables, { requestPolicy: "network-only" }).toPromise();
    return data?.task?.history ?? null;
  };
  const tabs = TASK_TABS.filter((tab) => document !== null || (tab !== "text" && tab !== "document"));
  const tab = tabs.find((one) => one === search.tab) ?? "logs";
  return (
    <>
      <TaskFault task={task} />
      <TaskTakes task={task} retriedAt={retriedAt} nameOf={nameOf} />
      {warnings.length > 0 && (
        <Panel title="Warnings" aside={<span className="faint">Warnings did not cause a failure.</span>}>
          <WarningList warnings={warnings} />
        </Panel>
      )}
      <RefusedWrites task={task} nameOf={nameOf} />
      <Tabs
        value={tab}
        onChange={(value) => change({ tab: value === "logs" ? undefined : (value as TaskTab) })}
        keepMounted={false}
      >
        <Tabs.List aria-label="Task sections">
          {tabs.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {TITLES[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="logs" pt="sm">
          <TaskLogs task={task} search={search} onChange={change} />
        </Tabs.Panel>
        <Tabs.Panel value="outputs" pt="sm">
          <StageOutputs id={id} version={version} />
        </Tabs.Panel>
        {document !== null && (
          <>
            <Tabs.Panel value="text" pt="sm">
              <DocumentChunks id={document.id} version={version} />
            </Tabs.Panel>
            <Tabs.Panel value="document" pt="sm">
              <DocumentFacts id={document.id} taskId={id} version={version} />
            </Tabs.Panel>
          </>
        )}
        <Tabs.Panel value="history" pt="sm">
          <Shown asked={history}>
            {(data) => data.task && <ChangeList newest={data.task.history} readBefore={readBefore} />}
          </Shown>
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
