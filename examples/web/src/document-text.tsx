import { useApolloClient } from "@apollo/client/react";
import { useCallback, useEffect, useRef, useState } from "react";
import { TextDocument } from "./operations";

/** Read in parts of at most so many UTF-16 code units, as the query says. */
const PART = 10_000;

interface Props {
  readonly documentId: string;
  readonly onClose: () => void;
}

/** The text that was found in a document, part by part. */
export function DocumentText({ documentId, onClose }: Props) {
  const client = useApolloClient();
  const dialog = useRef<HTMLDialogElement>(null);
  const [name, setName] = useState("");
  const [text, setText] = useState<string | null>("");
  const [hasMore, setHasMore] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const read = useCallback(
    async (offset: number) => {
      const variables = { documentId, offset };
      const { data } = await client.query({ query: TextDocument, variables, fetchPolicy: "no-cache" });
      const part = data?.document?.text ?? null;
      setName(data?.document?.name ?? "");
      setText((before) => (part === null ? null : (before ?? "").slice(0, offset) + part));
      setHasMore(part?.length === PART);
    },
    [client, documentId],
  );
  const begin = useCallback(
    (offset: number) => void read(offset).catch((error: unknown) => setProblem((error as Error).message)),
    [read],
  );
  useEffect(() => {
    dialog.current?.showModal();
    begin(0);
  }, [begin]);
  return (
    <dialog ref={dialog} aria-labelledby="text-of" onClose={onClose}>
      <h2 id="text-of">{name}</h2>
      {text === null && <p>There is no text of it (yet).</p>}
      {problem !== null && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      <pre tabIndex={0}>{text}</pre>
      <div className="row">
        {hasMore && (
          <button type="button" onClick={() => begin(text?.length ?? 0)}>
            More
          </button>
        )}
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
