import { Button, Group, TagsInput } from "@mantine/core";
import { useEffect, useEffectEvent, useState } from "react";
import { useApi } from "../api/api.js";
import { useAsked } from "../api/ask.js";
import { CollectionDocumentsDocument } from "../generated/operations.js";
import { ActButton, allowedTo } from "../parts/act-button.js";
import { counted } from "../parts/format.js";
import { LateInput } from "../parts/late-input.js";
import { Empty, Shown } from "../parts/states.js";
import type { CollectionSearch } from "../shell/search-of-collections.js";
import { SubmitDialog } from "../submit/submit-dialog.js";
import { DocumentTable } from "./documents-table.js";
import { RemoveDocumentsDialog } from "./remove-documents.js";
import type { ShownCollection } from "./shown-collection.js";

const PAGE_SIZE = 50;

interface DocumentsProps {
  readonly collection: ShownCollection;
  readonly search: CollectionSearch;
  readonly onChange: (part: Partial<CollectionSearch>) => void;
  readonly revision: number;
  readonly onChanged: () => void;
  readonly onShown: (tasks: readonly string[]) => void;
}

/** The documents of the collection, a page of them, with how the newest task of each stands. */
export function Documents({ collection, search, onChange, revision, onChanged, onShown }: DocumentsProps) {
  const { id } = collection;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const filter = {
    ...(search.name ? { nameContains: search.name } : {}),
    ...(search.type ? { mediaType: [...search.type] } : {}),
  };
  const isFiltered = Object.keys(filter).length > 0;
  const asked = useAsked(CollectionDocumentsDocument, { id, filter, first: PAGE_SIZE, after: search.after ?? null });
  const again = useEffectEvent(asked.again);
  useEffect(() => again(), [revision]);
  const page = asked.data?.collection?.documents;
  const show = useEffectEvent(onShown);
  useEffect(() => show((page?.nodes ?? []).flatMap(({ lastTask }) => (lastTask ? [lastTask.id] : []))), [page]);
  const choose = (ids: readonly string[], isChosen: boolean): void => {
    const next = new Set(chosen);
    for (const one of ids) {
      if (isChosen) next.add(one);
      else next.delete(one);
    }
    setChosen(next);
  };
  // Another filter begins at the first page.
  const filterBy = (part: Partial<CollectionSearch>): void => onChange({ ...part, after: undefined });
  return (
    <section aria-label="Documents" className="stack">
      <search className="filters" data-shortcut="/" aria-label="Document filters">
        <LateInput label="Name" value={search.name ?? ""} onChange={(name) => filterBy({ name: name || undefined })} />
        <TagsInput
          label="Media type"
          placeholder={search.type ? undefined : "Any"}
          data={[...new Set((page?.nodes ?? []).flatMap(({ mediaType }) => (mediaType ? [mediaType] : [])))]}
          value={[...(search.type ?? [])]}
          onChange={(type) => filterBy({ type: type.length > 0 ? type : undefined })}
          clearable
          size="xs"
        />
        {isFiltered && (
          <Button variant="subtle" size="compact-xs" onClick={() => filterBy({ name: undefined, type: undefined })}>
            Clear
          </Button>
        )}
      </search>
      <ChosenBar
        collection={collection}
        chosen={chosen}
        onClear={() => setChosen(new Set())}
        onRemoved={() => {
          setChosen(new Set());
          onChanged();
        }}
      />
      <Shown asked={asked} rows={8}>
        {() =>
          page === undefined || page.nodes.length === 0 ? (
            <NoDocuments isFiltered={isFiltered} isLater={search.after !== undefined} onChange={filterBy} />
          ) : (
            <>
              <p className="faint" role="status">
                {page.totalCount === null ? "More than 10,000 documents" : counted(page.totalCount, "document")}
                {isFiltered ? ` ${page.totalCount === 1 ? "matches" : "match"} these filters.` : "."}
              </p>
              <DocumentTable documents={page.nodes} chosen={chosen} onChoose={choose} />
            </>
          )
        }
      </Shown>
      {(search.after || page?.pageInfo.hasNextPage) && (
        <Group justify="space-between" component="nav" aria-label="Pages">
          <Button
            variant="default"
            size="compact-md"
            disabled={!search.after}
            onClick={() => onChange({ after: undefined })}
          >
            First page
          </Button>
          <Button
            variant="default"
            size="compact-md"
            disabled={!page?.pageInfo.hasNextPage}
            onClick={() => onChange({ after: page?.pageInfo.endCursor ?? undefined })}
          >
            Next
          </Button>
        </Group>
      )}
    </section>
  );
}

interface NoDocumentsProps {
  readonly isFiltered: boolean;
  readonly isLater: boolean;
  readonly onChange: (part: Partial<CollectionSearch>) => void;
}

function NoDocuments({ isFiltered, isLater, onChange }: NoDocumentsProps) {
  if (!isFiltered && !isLater) {
    return (
      <Empty icon="folder" title="No documents yet">
        Drop files on this page or choose files above. Then submit the collection to a pipeline.
      </Empty>
    );
  }
  return (
    <Empty title={isFiltered ? "No documents match these filters" : "This page is empty"}>
      <Button variant="default" size="compact-sm" onClick={() => onChange({ name: undefined, type: undefined })}>
        {isFiltered ? "Clear filters" : "Go to first page"}
      </Button>
    </Empty>
  );
}

interface ChosenBarProps {
  readonly collection: ShownCollection;
  readonly chosen: ReadonlySet<string>;
  readonly onClear: () => void;
  readonly onRemoved: () => void;
}

/** What can be done with the documents that are chosen, over several pages too. */
function ChosenBar({ collection, chosen, onClear, onRemoved }: ChosenBarProps) {
  const { viewer } = useApi();
  const [open, setOpen] = useState<"submit" | "remove" | null>(null);
  if (chosen.size === 0) return null;
  const ids = [...chosen];
  return (
    <div className="selection" role="region" aria-label="Selected documents">
      <strong>{counted(chosen.size, "document")} selected</strong>
      <span className="spread" />
      <ActButton size="compact-sm" permission={collection.canSubmit} onClick={() => setOpen("submit")}>
        Submit selected…
      </ActButton>
      <ActButton size="compact-sm" permission={allowedTo(viewer.role, "OPERATOR")} onClick={() => setOpen("remove")}>
        Remove…
      </ActButton>
      <Button size="compact-sm" variant="subtle" onClick={onClear}>
        Clear selection
      </Button>
      <SubmitDialog order={open === "submit" ? { collection, documentIds: ids } : null} onClose={() => setOpen(null)} />
      <RemoveDocumentsDialog
        collectionId={collection.id}
        documentIds={open === "remove" ? ids : null}
        onClose={() => setOpen(null)}
        onRemoved={onRemoved}
      />
    </div>
  );
}
