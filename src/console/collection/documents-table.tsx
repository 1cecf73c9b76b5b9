import { Checkbox } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { CollectionDocumentsQuery } from "../generated/operations.js";
import { count, size } from "../parts/format.js";
import { StatusWord } from "../parts/status.js";
import { When } from "../parts/when.js";

type DocumentRow = NonNullable<CollectionDocumentsQuery["collection"]>["documents"]["nodes"][number];

interface DocumentTableProps {
  readonly documents: readonly DocumentRow[];
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (ids: readonly string[], isChosen: boolean) => void;
}

/** A page of documents, with how the newest task of each stands. */
export function DocumentTable({ documents, chosen, onChoose }: DocumentTableProps) {
  const ids = documents.map(({ id }) => id);
  const chosenHere = ids.filter((id) => chosen.has(id)).length;
  return (
    <table className="rows cards">
      <caption className="for-readers">Documents of this collection</caption>
      <thead>
        <tr>
          <th scope="col" className="choose">
            <Checkbox
              size="xs"
              aria-label="Select all on this page"
              checked={chosenHere === ids.length}
              indeterminate={chosenHere > 0 && chosenHere < ids.length}
              onChange={({ currentTarget }) => onChoose(ids, currentTarget.checked)}
            />
          </th>
          <th scope="col">Name</th>
          <th scope="col">Last task</th>
          <th scope="col">Error</th>
          <th scope="col">Type</th>
          <th scope="col" className="number">
            Size
          </th>
          <th scope="col" className="number">
            Version
          </th>
          <th scope="col">Added</th>
        </tr>
      </thead>
      <tbody>
        {documents.map((document) => (
          <Row key={document.id} document={document} isChosen={chosen.has(document.id)} onChoose={onChoose} />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly document: DocumentRow;
  readonly isChosen: boolean;
  readonly onChoose: DocumentTableProps["onChoose"];
}

function Row({ document, isChosen, onChoose }: RowProps) {
  const { id, name, lastTask, mediaType, sizeBytes, contentVersion, createdAt } = document;
  const error = lastTask && lastTask.status !== "COMPLETED" ? lastTask.error : null;
  const nothing = <span className="faint">–</span>;
  return (
    <tr data-chosen={isChosen}>
      <td className="choose">
        <Checkbox
          size="xs"
          aria-label={`Select ${name}`}
          checked={isChosen}
          onChange={({ currentTarget }) => onChoose([id], currentTarget.checked)}
        />
      </td>
      <td data-title="Name">
        {lastTask === null ? (
          <span className="document-name">{name}</span>
        ) : (
          <Link to="/tasks/$id" params={{ id: lastTask.id }} search={{ tab: "text" }} className="strong">
            {name}
          </Link>
        )}
      </td>
      <td data-title="Last task">
        {lastTask === null ? (
          <span className="faint">not submitted</span>
        ) : (
          <StatusWord of="TaskStatus" word={lastTask.status} />
        )}
      </td>
      <td data-title="Error">{error ? <code title={error.message}>{error.code}</code> : nothing}</td>
      <td data-title="Type">{mediaType ?? nothing}</td>
      <td data-title="Size" className="number">
        {sizeBytes === null ? nothing : size(sizeBytes)}
      </td>
      <td data-title="Version" className="number">
        {count(contentVersion)}
      </td>
      <td data-title="Added">
        <When at={createdAt} />
      </td>
    </tr>
  );
}
