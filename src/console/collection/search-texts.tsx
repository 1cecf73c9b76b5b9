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
            aria-label="What to look for"
            placeholder="words, numbers, or what it is about"
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
          {percent(embeddingCoverage)} of the chunks are found by their meaning; all of them by their words.
        </p>
      )}
      {chunkCount === 0 ? (
        <Empty title="There is nothing to search yet">
          Texts can be searched once a pipeline that makes chunks of them, such as <code>documents</code>, has completed
          a document.
        </Empty>
      ) : search.query === undefined ? (
        <Empty title="Look for a passage">
          Words, numbers and marks are found as they are written, whatever their case and accents; other words for the
          same are found by their meaning.
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
          <Empty title="Nothing was found">Try fewer words, or others for the same.</Empty>
        ) : (
          <>
            <p className="faint" role="status">
              {hits.length === first ? `The best ${first} passages` : counted(hits.length, "passage")}, the best first.
            </p>
            <ol className="hits">
              {hits.map((hit) => (
                <HitShown key={hit.chunk.id} hit={hit} />
              ))}
            </ol>
            {hits.length === first && first < MORE && (
              <Button variant="default" size="compact-sm" onClick={() => setFirst(MORE)}>
                Up to {MORE} passages
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
      <div className="chunk-head" title={`Score ${score.toFixed(4)}; it compares the passages of this search alone.`}>
        {document.lastTask === null ? (
          <strong className="document-name">{document.name}</strong>
        ) : (
          <Link to="/tasks/$id" params={{ id: document.lastTask.id }} search={{ tab: "text" }} className="strong">
            {document.name}
          </Link>
        )}
        <span className="faint">{pagesInWords(chunk)}</span>
        <HeadingPath part={part} headings={headings} />
        {highlights.length === 0 && <span className="faint">near in meaning</span>}
      </div>
      <p className="chunk-text">
        <Highlighted text={excerpt.text} places={excerpt.places} />
      </p>
      {(excerpt.isCut || isWhole) && (
        <button type="button" className="plain faint" onClick={() => setIsWhole(!isWhole)}>
          {isWhole ? "Show less" : "Show all of it"}
          <span className="for-readers"> from {document.name}</span>
        </button>
      )}
    </li>
  );
}
