import { Button } from "@mantine/core";
import { useEffect, useEffectEvent, useState } from "react";
import { useAsked } from "../api/ask.js";
import { DocumentChunksDocument, DocumentTextDocument, type DocumentChunksQuery } from "../generated/operations.js";
import { count, counted } from "../parts/format.js";
import { HeadingPath, pagesInWords } from "../parts/heading-path.js";
import { Word } from "../parts/status.js";
import { Empty, Shown } from "../parts/states.js";

type Chunk = NonNullable<DocumentChunksQuery["document"]>["chunks"]["nodes"][number];

/** As much text as is read at once. */
const PIECE_LENGTH = 20_000;
/** Blanks and ends of lines lie between chunks; more than this is text that search does not find. */
const MIN_GAP = 40;

/** The document's text as readers and search see it: each chunk with its place, or the plain text where there are none. */
export function DocumentChunks({ id, version }: { readonly id: string; readonly version: number }) {
  const [pages, setPages] = useState<readonly (string | null)[]>([null]);
  return pages.map((after, place) => (
    <ChunkPage
      key={after ?? ""}
      id={id}
      after={after}
      version={version}
      onMore={place === pages.length - 1 ? (next) => setPages([...pages, next]) : null}
    />
  ));
}

interface ChunkPageProps {
  readonly id: string;
  readonly after: string | null;
  readonly version: number;
  /** Null where the next page is shown already. */
  readonly onMore: ((after: string) => void) | null;
}

function ChunkPage({ id, after, version, onMore }: ChunkPageProps) {
  const asked = useAsked(DocumentChunksDocument, { id, after });
  const again = useEffectEvent(asked.again);
  useEffect(() => again(), [version]);
  return (
    <Shown asked={asked}>
      {({ document }) => {
        if (!document) return <Empty title="The document has been removed" />;
        const { nodes, pageInfo, totalCount } = document.chunks;
        if (nodes.length === 0 && after === null) return <PlainText id={id} />;
        return (
          <>
            {after === null && (
              <p className="faint">
                {totalCount === null ? "More than 10,000 chunks" : counted(totalCount, "chunk")}, in document order.
                Text search covers every chunk. Semantic search covers chunks that have an embedding.
              </p>
            )}
            <ol className="chunks" aria-label="Chunks in document order">
              {nodes.map((chunk, place) => (
                <ChunkShown key={chunk.id} chunk={chunk} before={nodes[place - 1] ?? null} />
              ))}
            </ol>
            {pageInfo.hasNextPage && onMore && (
              <Button variant="default" size="compact-sm" onClick={() => onMore(pageInfo.endCursor!)}>
                Show more
              </Button>
            )}
          </>
        );
      }}
    </Shown>
  );
}

function ChunkShown({ chunk, before }: { readonly chunk: Chunk; readonly before: Chunk | null }) {
  const { ordinal, kind, headings, part, startOffset, endOffset, hasEmbedding, text } = chunk;
  const pages = pagesInWords(chunk);
  const gap = before === null ? 0 : startOffset - before.endOffset;
  return (
    <li className="chunk">
      {gap > MIN_GAP && <p className="faint">{counted(gap, "character")} here are not in any chunk.</p>}
      <div className="chunk-head">
        <span className="chunk-number numbers">{count(ordinal + 1)}</span>
        <HeadingPath part={part} headings={headings} />
        <span className="spread" />
        <span className="faint numbers">
          {pages === "" ? "" : `${pages}, `}
          {count(startOffset)}–{count(endOffset)}
        </span>
        {kind !== "TEXT" && <Word of="ChunkKind" word={kind} />}
        {!hasEmbedding && (
          <span className="faint" title="Only text search covers this chunk.">
            no embedding
          </span>
        )}
      </div>
      <p className="chunk-text">{text}</p>
    </li>
  );
}

/** A text that no stage has cut into chunks. */
function PlainText({ id }: { readonly id: string }) {
  const [offsets, setOffsets] = useState<readonly number[]>([0]);
  return offsets.map((offset, place) => (
    <TextPiece
      key={offset}
      id={id}
      offset={offset}
      onMore={place === offsets.length - 1 ? () => setOffsets([...offsets, offset + PIECE_LENGTH]) : null}
    />
  ));
}

interface TextPieceProps {
  readonly id: string;
  readonly offset: number;
  readonly onMore: (() => void) | null;
}

function TextPiece({ id, offset, onMore }: TextPieceProps) {
  const asked = useAsked(DocumentTextDocument, { id, offset });
  return (
    <Shown asked={asked}>
      {({ document }) => {
        const text = document?.text ?? "";
        if (text === "" && offset === 0) {
          return (
            <Empty icon="clock" title="No text stored">
              The text is available after a pipeline that reads text, such as <code>documents</code>, completes the
              document.
            </Empty>
          );
        }
        return (
          <>
            {offset === 0 && (
              <p className="faint">This text has not been split into chunks, so search does not cover it.</p>
            )}
            <p className="chunk-text panel">{text}</p>
            {text.length === PIECE_LENGTH && onMore && (
              <Button variant="default" size="compact-sm" onClick={onMore}>
                Show more
              </Button>
            )}
          </>
        );
      }}
    </Shown>
  );
}
