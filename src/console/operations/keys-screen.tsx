import { Button, Group } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useApi } from "../api/api.js";
import { useAsked } from "../api/ask.js";
import { KeysDocument } from "../generated/operations.js";
import { ActButton, allowedTo } from "../parts/act-button.js";
import { Forbidden } from "../parts/forbidden.js";
import { Pages, pageVariables } from "../parts/pages.js";
import { Empty, Panel, Shown } from "../parts/states.js";
import { OperationsFrame } from "./frame.js";
import { KeysTable } from "./keys-table.js";

/** Loaded when a key is first made. */
const KeyDialog = lazy(async () => ({ default: (await import("./key-dialog.js")).KeyDialog }));
const BrowserKeyDialog = lazy(async () => ({ default: (await import("./browser-key-dialog.js")).BrowserKeyDialog }));

const PAGE_SIZE = 50;

/** Who may do what: the project's keys, and how one is made and ended. */
export function KeysScreen() {
  const { viewer } = useApi();
  const [isMaking, setIsMaking] = useState<"key" | "browser" | null>(null);
  const [made, setMade] = useState(0);
  const admin = allowedTo(viewer.role, "ADMIN");
  return (
    <OperationsFrame title="Keys">
      <Group gap="xs">
        <ActButton size="compact-md" variant="filled" permission={admin} onClick={() => setIsMaking("key")}>
          Create key…
        </ActButton>
        <ActButton
          size="compact-md"
          permission={allowedTo(viewer.role, "OPERATOR")}
          onClick={() => setIsMaking("browser")}
        >
          Create browser key…
        </ActButton>
      </Group>
      {admin.allowed ? (
        <KeyList key={made} />
      ) : (
        <Panel title="Project keys">
          <Forbidden title="This key can't view keys" reason={admin.disabledReason ?? ""} />
        </Panel>
      )}
      <Suspense>
        {isMaking === "key" && <KeyDialog onClose={() => setIsMaking(null)} onMade={() => setMade((old) => old + 1)} />}
        {isMaking === "browser" && (
          <BrowserKeyDialog onClose={() => setIsMaking(null)} onMade={() => setMade((old) => old + 1)} />
        )}
      </Suspense>
    </OperationsFrame>
  );
}

function KeyList() {
  const search = useSearch({ from: "/operations/keys" });
  const navigate = useNavigate({ from: "/operations/keys" });
  const asked = useAsked(KeysDocument, pageVariables(search, PAGE_SIZE));
  return (
    <Shown asked={asked} rows={6}>
      {({ keys }) =>
        keys.nodes.length === 0 ? (
          <Empty icon="key" title="This page is empty">
            <Button variant="default" size="compact-sm" onClick={() => void navigate({ search: {} })}>
              Go to first page
            </Button>
          </Empty>
        ) : (
          <div className="stack">
            <KeysTable keys={keys.nodes} onDone={asked.again} />
            <Pages search={search} pageInfo={keys.pageInfo} onChange={(page) => void navigate({ search: page })} />
          </div>
        )
      }
    </Shown>
  );
}
