import { Button, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useAsked } from "../api/ask.js";
import { CollectionSearchDocument, type CollectionSearchQuery } from "../generated/operations.js";
import { counted, percent } from "../parts/format.js";
import { HeadingPath, pagesInWords } from "../parts/heading-path.js";
import { Highlighted } from "../parts/highlighted.js";
import { Icon } from "../parts/icons.js";
import { Empty, Shown } from "../parts/states.js";
import type { CollectionSearch } from "../shell/search-of-collections.js";
import { excerptOf } from "./excerpt.js";
import type { ShownCollection } from "./shown-collection.js";

type Hit = CollectionSearchQuery["search"][number];
const FIRST = 20;
const MORE = 100;

interface SearchTextsProps {
  readonly collection: ShownCollection;
  readonly search: CollectionSearch;
  readonly onChange: (part: Partial<CollectionSearch>) => void;
}

/** Finds passages in the texts of the documents, by their words and by their meaning. */
export function SearchTexts({ collection, search, onChange }: SearchTextsProps) {
  const { chunkCount, embeddingCoverage } = collection;
  const [text, setText] = useState(search.query ?? "");
  // The way back leads to the search before.
  useEffect(() => setText(search.query ?? ""), [search.query]);
  return (
    <section aria-label="Search" className="stack">
      <search data-shortcut="/">
        <form
          className="search-line"
          onSubmit={(event) => {
            event.preventDefault();
            onChange({ query: text.trim() || undefined });
          }}
        >
          <TextInput
            aria-label="Search query"
            placeholder="Words, numbers or a topic"
            maxLength={10_000}
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
          />
          <Button type="submit" leftSection={<Icon name="search" />}>
            Search
          </Button>
        </form>
      </search>
      {chunkCount > 0 && embeddingCoverage < 1 && (
        <p className="faint">
          Text search covers all chunks. Semantic search covers {percent(embeddingCoverage)} of them.
        </p>
      )}
      {chunkCount === 0 ? (
        <Empty title="Nothing to search yet">
          You can search texts after a pipeline that creates chunks, such as <code>documents</code>, has completed a
          document.
        </Empty>
      ) : search.query === undefined ? (
        <Empty title="Search the texts">
          Search matches exact words, numbers and symbols and ignores case and accents. It also finds text with a
          similar meaning.
        </Empty>
      ) : (
        <Hits key={search.query} id={collection.id} query={search.query} />
      )}
    </section>
  );
}

function Hits({ id, query }: { readonly id: string; readonly query: string }) {
  const [first, setFirst] = useState(FIRST);
  const asked = useAsked(CollectionSearchDocument, { id, query, first });
  return (
    <Shown asked={asked} rows={6}>
      {({ search: hits }) =>
        hits.length === 0 ? (
          <Empty title="No results">Try fewer or different words.</Empty>
        ) : (
          <>
            <p className="faint" role="status">
              {hits.length === first ? `Top ${first} passages` : counted(hits.length, "passage")}, best match first.
            </p>
            <ol className="hits">
              {hits.map((hit) => (
                <HitShown key={hit.chunk.id} hit={hit} />
              ))}
            </ol>
            {hits.length === first && first < MORE && (
              <Button variant="default" size="compact-sm" onClick={() => setFirst(MORE)}>
                Show up to {MORE} passages
              </Button>
            )}
          </>
        )
      }
    </Shown>
  );
}

function HitShown({ hit }: { readonly hit: Hit }) {
  const [isWhole, setIsWhole] = useState(false);
  const { chunk, highlights, score } = hit;
  const { document, headings, part, text } = chunk;
  const excerpt = isWhole ? { text, places: highlights, isCut: false } : excerptOf(text, highlights);
  return (
    <li className="hit">
      <div className="chunk-head" title={`Score ${score.toFixed(4)}; comparable only within this search.`}>
        {document.lastTask === null ? (
          <strong className="document-name">{document.name}</strong>
        ) : (
          <Link to="/tasks/$id" params={{ id: document.lastTask.id }} search={{ tab: "text" }} className="strong">
            {document.name}
          </Link>
        )}
        <span className="faint">{pagesInWords(chunk)}</span>
        <HeadingPath part={part} headings={headings} />
        {highlights.length === 0 && <span className="faint">similar meaning</span>}
      </div>
      <p className="chunk-text">
        <Highlighted text={excerpt.text} places={excerpt.places} />
      </p>
      {(excerpt.isCut || isWhole) && (
        <button type="button" className="plain faint" onClick={() => setIsWhole(!isWhole)}>
          {isWhole ? "Show less" : "Show more"}
          <span className="for-readers"> from {document.name}</span>
        </button>
      )}
    </li>
  );
}
