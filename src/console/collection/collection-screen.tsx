import { Tabs } from "@mantine/core";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useClient } from "urql";
import { useApi } from "../api/api.js";
import { useAsked, useThrottled } from "../api/ask.js";
import { useChanges, type Change } from "../api/changes.js";
import { useJobLive } from "../api/live-job.js";
import { readMany } from "../api/read-many.js";
import { CollectionPageDocument, OneTaskDocument } from "../generated/operations.js";
import { allowedTo, type Allowed } from "../parts/act-button.js";
import { Empty, FaultNote, Loading } from "../parts/states.js";
import { useTitle } from "../parts/title.js";
import { COLLECTION_TABS, type CollectionSearch, type CollectionTab } from "../shell/search-of-collections.js";
import { DropZone } from "../upload/drop-zone.js";
import { UploadPanel } from "../upload/upload-panel.js";
import { useUploads } from "../upload/uploads.js";
import { AboutCollection } from "./about.js";
import { CollectionHead } from "./collection-head.js";
import { CollectionJobs } from "./collection-jobs.js";
import { Documents } from "./documents.js";
import { Entities } from "./entities.js";
import { SearchTexts } from "./search-texts.js";
import type { ShownCollection } from "./shown-collection.js";

const TITLES: Readonly<Record<CollectionTab, string>> = {
  documents: "Documents",
  search: "Search",
  entities: "Names",
  jobs: "Jobs",
  about: "About",
};

/** One collection: its documents and what came of them, files that are added to it, and what can be done with it now. */
export function CollectionScreen() {
  const { id } = useParams({ from: "/collections/$id" });
  // Another collection is another screen: nothing of the one before may stay in it.
  return <OneCollectionScreen key={id} id={id} />;
}

function OneCollectionScreen({ id }: { readonly id: string }) {
  const client = useClient();
  const asked = useAsked(CollectionPageDocument, { id });
  const collection = asked.data?.collection;
  const [revision, setRevision] = useState(0);
  useJobLive(collection?.lastJob);
  const [shownTasks] = useState(() => new Set<string>());
  const [changed] = useState(() => new Set<string>());
  const reread = useThrottled(() => {
    asked.again();
    setRevision((old) => old + 1);
  }, 1_000);
  const rereadTasks = useThrottled(() => {
    const ids = [...changed].filter((task) => shownTasks.has(task));
    changed.clear();
    void readMany(client, OneTaskDocument, ids);
  }, 1_000);
  const onChanges = (changes: readonly Change[]): void => {
    for (const { entityType, entityId } of changes) if (entityType === "TASK") changed.add(entityId);
    if (changed.size > 0) rereadTasks();
    if (changes.some(({ entityType }) => entityType !== "TASK")) reread();
  };
  useChanges({
    after: asked.data?.streamCursor,
    entityTypes: ["COLLECTION", "JOB", "TASK"],
    collectionId: id,
    onChanges,
    onGap: reread,
  });
  useTitle(collection?.name ?? "Collection");
  if (collection) {
    return (
      <div className="screen">
        <CollectionHead collection={collection} onDone={reread} />
        {asked.fault && <FaultNote fault={asked.fault} again={asked.again} />}
        <CollectionParts
          collection={collection}
          revision={revision}
          onChanged={reread}
          onShown={(tasks) => {
            shownTasks.clear();
            for (const task of tasks) shownTasks.add(task);
          }}
        />
      </div>
    );
  }
  // No cursor is given for what is not there, and so nothing is answered.
  const isUnknown = asked.fault?.code === "BAD_USER_INPUT" || (asked.data !== undefined && collection === null);
  return (
    <div className="screen">
      <h1 className="for-readers">Collection</h1>
      {asked.fault && !isUnknown && <FaultNote fault={asked.fault} again={asked.again} />}
      {asked.isLoading && <Loading rows={8} />}
      {isUnknown && (
        <Empty title="Collection not found">
          No collection with the ID <code>{id}</code> exists, or this key can't access it.{" "}
          <Link to="/collections">View all collections</Link>.
        </Empty>
      )}
    </div>
  );
}

interface PartsProps {
  readonly collection: ShownCollection;
  /** Grows whenever something of it may be otherwise. */
  readonly revision: number;
  readonly onChanged: () => void;
  /** Told which tasks the page shows, so that just these are followed. */
  readonly onShown: (tasks: readonly string[]) => void;
}

function CollectionParts({ collection, revision, onChanged, onShown }: PartsProps) {
  const { id } = collection;
  const search = useSearch({ from: "/collections/$id" });
  const navigate = useNavigate({ from: "/collections/$id" });
  const { viewer } = useApi();
  const queue = useUploads(id, onChanged);
  const tab = search.tab ?? "documents";
  const change = (part: Partial<CollectionSearch>): void => {
    void navigate({ search: (old) => ({ ...old, ...part }), replace: !("after" in part), resetScroll: false });
  };
  const parts = { collection, search, onChange: change, revision };
  return (
    <>
      <UploadPanel queue={queue} />
      <Tabs
        value={tab}
        onChange={(value) => change({ tab: value === "documents" ? undefined : (value as CollectionTab) })}
        keepMounted={false}
      >
        <Tabs.List aria-label="Collection sections">
          {COLLECTION_TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {TITLES[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="documents" pt="sm" className="stack">
          <DropZone queue={queue} permission={mayAdd(collection, allowedTo(viewer.role, "OPERATOR"))} />
          <Documents {...parts} onChanged={onChanged} onShown={onShown} />
        </Tabs.Panel>
        <Tabs.Panel value="search" pt="sm">
          <SearchTexts {...parts} />
        </Tabs.Panel>
        <Tabs.Panel value="entities" pt="sm">
          <Entities {...parts} />
        </Tabs.Panel>
        <Tabs.Panel value="jobs" pt="sm">
          <CollectionJobs {...parts} />
        </Tabs.Panel>
        <Tabs.Panel value="about" pt="sm">
          <AboutCollection collection={collection} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

/** Whether files can be added now, and if not, why. */
function mayAdd({ status }: ShownCollection, byRole: Allowed): Allowed {
  if (!byRole.allowed || status !== "EXPIRED") return byRole;
  return { allowed: false, disabledReason: "The collection has expired and accepts no documents." };
}
