import { useAsked } from "../api/ask.js";
import { CollectionNameDocument, CollectionsNamedDocument } from "../generated/operations.js";
import { FoundSelect, type FoundNames } from "./found-select.js";

interface CollectionSelectProps {
  readonly id: string | undefined;
  readonly onChange: (id: string | undefined) => void;
  /** What is wrong with the choice. */
  readonly error?: string | undefined;
  readonly placeholder?: string;
}

/** One collection of the project, found by a part of its name. */
export function CollectionSelect({ id, onChange, error, placeholder = "Any" }: CollectionSelectProps) {
  return (
    <div>
      <FoundSelect
        label="Collection"
        id={id}
        onChange={onChange}
        useFound={useFoundByName}
        useName={useNameOf}
        nothing="No matching collections"
        placeholder={placeholder}
      />
      {error !== undefined && (
        <p className="tone-bad" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

function useFoundByName(text: string | null): FoundNames {
  const variables = { filter: text ? { nameContains: text } : null };
  const { data, fault } = useAsked(CollectionsNamedDocument, variables, { isPaused: text === null });
  return { found: data?.collections.nodes, fault };
}

function useNameOf(id: string | undefined): string | undefined {
  return useAsked(CollectionNameDocument, { id: id ?? "" }, { isPaused: id === undefined }).data?.collection?.name;
}
