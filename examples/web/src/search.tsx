import { useLazyQuery } from "@apollo/client/react";
import type { FormEvent } from "react";
import { FindDocument, type FindQuery } from "./operations";

interface Props {
  readonly collectionId: string;
  readonly onOpen: (documentId: string) => void;
}

/** By words and by meaning, over what has been processed. */
export function Search({ collectionId, onOpen }: Props) {
  const [find, { data, error, loading }] = useLazyQuery(FindDocument, { fetchPolicy: "network-only" });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const query = new FormData(event.currentTarget).get("query") as string;
    void find({ variables: { collectionId, query } }).catch(() => undefined);
  };
  return (
    <section aria-label="Search">
      <h2>Search</h2>
      <form role="search" onSubmit={submit} className="row">
        <input type="search" name="query" required aria-label="Search in the documents" />
        <button type="submit">Search</button>
      </form>
      <div role="status">
        {loading && "Searching …"}
        {!loading && data?.search.length === 0 && "Nothing was found."}
      </div>
      {error && (
        <p role="alert" className="problem">
          {error.message}
        </p>
      )}
      <ol className="hits" aria-label="Found">
        {data?.search.map((hit) => (
          <li key={hit.chunk.id}>
            <button type="button" className="name" onClick={() => onOpen(hit.chunk.document.id)}>
              {hit.chunk.document.name}
            </button>
            {hit.chunk.page !== null && ` page ${hit.chunk.page}`}
            <p>
              <Marked {...hit} />
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What is shown of a chunk: so many characters, from a few before the first that was looked for. */
const SHOWN = 500;
const BEFORE = 100;

/** A piece of the text with what was looked for marked. The API gives places in UTF-16 code units, as JavaScript counts. */
function Marked({ chunk: { text }, highlights }: FindQuery["search"][number]) {
  const from = Math.max(0, (highlights[0]?.start ?? 0) - BEFORE);
  const shown = highlights.filter(({ end }) => end <= from + SHOWN);
  const ends = [from, ...shown.map(({ end }) => end)];
  return (
    <>
      {from > 0 && "… "}
      {shown.map(({ start, end }, place) => (
        <span key={start}>
          {text.slice(ends[place], start)}
          <mark>{text.slice(start, end)}</mark>
        </span>
      ))}
      {text.slice(ends.at(-1), from + SHOWN)}
      {text.length > from + SHOWN && " …"}
    </>
  );
}
