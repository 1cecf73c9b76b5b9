import { Link } from "@tanstack/react-router";
import { useJobLive } from "../api/live-job.js";
import type { CollectionRowFragment } from "../generated/operations.js";
import { CountsBar, ProgressText } from "../parts/bars.js";
import { count, percent } from "../parts/format.js";
import { StatusWord } from "../parts/status.js";
import { When } from "../parts/when.js";

export function CollectionsTable({ collections }: { readonly collections: readonly CollectionRowFragment[] }) {
  return (
    <table className="rows cards">
      <caption className="for-readers">Collections</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Status</th>
          <th scope="col">Last job</th>
          <th scope="col" className="number">
            Documents
          </th>
          <th scope="col" className="number">
            Chunks
          </th>
          <th scope="col">Created</th>
        </tr>
      </thead>
      <tbody>
        {collections.map((collection) => (
          <Row key={collection.id} collection={collection} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ collection }: { readonly collection: CollectionRowFragment }) {
  const { id, name, status, lastJob, documentCount, chunkCount, embeddingCoverage, createdAt } = collection;
  useJobLive(lastJob);
  return (
    <tr>
      <td data-title="Name">
        <Link to="/collections/$id" params={{ id }} className="strong">
          {name}
        </Link>
      </td>
      <td data-title="Status">
        <StatusWord of="CollectionStatus" word={status} />
      </td>
      <td data-title="Last job">
        {lastJob === null ? (
          <span className="faint">none</span>
        ) : (
          <span className="last-job-cell">
            <Link to="/jobs/$id" params={{ id: lastJob.id }}>
              {lastJob.pipeline}
            </Link>
            <span className="last-job">
              <CountsBar counts={lastJob.counts} />
              <ProgressText counts={lastJob.counts} progress={lastJob.progress} />
            </span>
          </span>
        )}
      </td>
      <td data-title="Documents" className="number">
        {count(documentCount)}
      </td>
      <td
        data-title="Chunks"
        className="number"
        title={`${percent(embeddingCoverage)} of the chunks have an embedding for semantic search`}
      >
        {count(chunkCount)}
      </td>
      <td data-title="Created">
        <When at={createdAt} />
      </td>
    </tr>
  );
}
