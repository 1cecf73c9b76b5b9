import { Button } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../api/api.js";
import { useAsked } from "../api/ask.js";
import { ExpiringCollectionsDocument, type ExpiringCollectionsQuery } from "../generated/operations.js";
import { ActButton, allowedTo } from "../parts/act-button.js";
import { absolute, count } from "../parts/format.js";
import { Pages, pageVariables } from "../parts/pages.js";
import { Empty, Shown } from "../parts/states.js";
import { StatusWord } from "../parts/status.js";
import { useNow, When } from "../parts/when.js";
import { ExpiryDialog } from "./expiry-dialog.js";
import { OperationsFrame } from "./frame.js";

const PAGE_SIZE = 50;

/** A collection that goes at a time. */
type Expiring = ExpiringCollectionsQuery["expiringCollections"]["nodes"][number];

/** What goes when: every collection that has an end, the soonest first. */
export function ExpiryScreen() {
  const search = useSearch({ from: "/operations/expiry" });
  const navigate = useNavigate({ from: "/operations/expiry" });
  const asked = useAsked(ExpiringCollectionsDocument, pageVariables(search, PAGE_SIZE));
  const [chosen, setChosen] = useState<Expiring | null>(null);
  return (
    <OperationsFrame title="Expiry">
      <p className="faint">
        When a collection expires, its documents and results are removed. The record of the collection and its history
        are kept. A collection created without an expiry time uses <code>HEADWAY_RETENTION_DAYS</code>.
      </p>
      <Shown asked={asked} rows={6}>
        {({ expiringCollections: { nodes, pageInfo } }) =>
          nodes.length === 0 ? (
            <Nothing
              isFirst={search.after === undefined && search.before === undefined}
              onFirst={() => void navigate({ search: {} })}
            />
          ) : (
            <div className="stack">
              <ExpiringTable collections={nodes} onChoose={setChosen} />
              <Pages search={search} pageInfo={pageInfo} onChange={(page) => void navigate({ search: page })} />
            </div>
          )
        }
      </Shown>
      {chosen !== null && <ExpiryDialog collection={chosen} onClose={() => setChosen(null)} onDone={asked.again} />}
    </OperationsFrame>
  );
}

function Nothing({ isFirst, onFirst }: { readonly isFirst: boolean; readonly onFirst: () => void }) {
  if (isFirst) {
    return (
      <Empty icon="check" title="No collections will expire">
        No collection in this project has an expiry time.
      </Empty>
    );
  }
  return (
    <Empty icon="clock" title="This page is empty">
      <Button variant="default" size="compact-sm" onClick={onFirst}>
        Go to first page
      </Button>
    </Empty>
  );
}

interface TableProps {
  readonly collections: readonly Expiring[];
  readonly onChoose: (collection: Expiring) => void;
}

function ExpiringTable({ collections, onChoose }: TableProps) {
  const { viewer } = useApi();
  const nowMs = useNow();
  const operator = allowedTo(viewer.role, "OPERATOR");
  return (
    <table className="rows cards">
      <caption className="for-readers">Collections that expire</caption>
      <thead>
        <tr>
          <th scope="col">Collection</th>
          <th scope="col">Expires</th>
          <th scope="col">Status</th>
          <th scope="col" className="number">
            Documents
          </th>
          <th scope="col">Created</th>
          <th scope="col">
            <span className="for-readers">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {collections.map((collection) => {
          const { id, name, status, documentCount, createdAt, expiresAt } = collection;
          // It stays since a moment ago; the list is read anew.
          if (expiresAt === null) return null;
          const isDue = Date.parse(expiresAt) <= nowMs;
          return (
            <tr key={id}>
              <td data-title="Collection" className="wide">
                <Link to="/collections/$id" params={{ id }} className="strong">
                  {name}
                </Link>
              </td>
              <td data-title="Expires">
                <span className={isDue ? "tone-mixed" : undefined}>
                  {isDue ? "at the next sweep" : <When at={expiresAt} />}
                </span>
                <div className="faint">{absolute(expiresAt)}</div>
              </td>
              <td data-title="Status">
                <StatusWord of="Status" word={status} />
              </td>
              <td data-title="Documents" className="number">
                {count(documentCount)}
              </td>
              <td data-title="Created">
                <When at={createdAt} />
              </td>
              <td data-title="" className="acts">
                <ActButton size="compact-sm" permission={operator} onClick={() => onChoose(collection)}>
                  Change…<span className="for-readers"> when {name} expires</span>
                </ActButton>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
