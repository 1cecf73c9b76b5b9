import { useState } from "react";
import { codeOf, messageOf } from "./apollo";
import { useConnection, type ConnectionState } from "./connection";
import { DocumentText } from "./document-text";
import { Documents } from "./documents";
import { DropZone } from "./drop-zone";
import { JobHead } from "./job-head";
import { KeyForm } from "./key-form";
import { useLiveCollection } from "./live";
import { Search } from "./search";
import { useSession } from "./session";

export function App() {
  const session = useSession();
  if (session === null) {
    return (
      <main>
        <h1>Documents</h1>
        <p>
          Run <code>npm run key</code> in this example's folder and open the link that it prints, or paste it here.
        </p>
        <KeyForm />
      </main>
    );
  }
  // Another collection is another page; another key for the same one changes nothing that is shown.
  return <CollectionPage key={session.collectionId} collectionId={session.collectionId} />;
}

function CollectionPage({ collectionId }: { readonly collectionId: string }) {
  const connection = useConnection();
  const [pages, setPages] = useState<readonly string[]>([]);
  const [openId, setOpenId] = useState<string | null>(null);
  const { collection, isLoaded, error, refresh } = useLiveCollection(collectionId, pages.at(-1) ?? null);
  const isExpired = connection.phase === "expired";
  const isForbidden = !isExpired && (codeOf(error) === "FORBIDDEN" || (isLoaded && !error && !collection));
  return (
    <>
      <header>
        <h1>{collection?.name ?? "Documents"}</h1>
        {isForbidden ? <p className="connection expired">Not allowed</p> : <Connection {...connection} />}
      </header>
      <main>
        {isExpired && (
          <section className="notice" aria-label="Key">
            <p>
              <strong>The key is no longer good.</strong> It has expired or was revoked. Nothing is lost: with a new one
              the page goes on where it is.
            </p>
            <KeyForm />
          </section>
        )}
        {isForbidden && (
          <section className="notice" role="alert">
            <p>
              <strong>This key does not open this collection.</strong>{" "}
              {error ? messageOf(error) : "It is for another one, or the collection is gone."}
            </p>
            <KeyForm />
          </section>
        )}
        {error && !isForbidden && (
          <section className="notice" role="alert">
            <p>
              <strong>The server refuses this.</strong> {messageOf(error)}
            </p>
            <button type="button" onClick={refresh}>
              Try again
            </button>
          </section>
        )}
        {!isLoaded && !error && !isExpired && <p>Loading …</p>}
        {collection && (
          <>
            <DropZone />
            {collection.lastJob && <JobHead job={collection.lastJob} onDone={refresh} />}
            <Documents
              collection={collection}
              isFirst={pages.length === 0}
              onNext={(after) => setPages([...pages, after])}
              onPrevious={() => setPages(pages.slice(0, -1))}
              onOpen={setOpenId}
              onDone={refresh}
            />
            <Search collectionId={collectionId} onOpen={setOpenId} />
          </>
        )}
        {openId !== null && <DocumentText key={openId} documentId={openId} onClose={() => setOpenId(null)} />}
      </main>
      {!isExpired && !isForbidden && (
        <footer>
          <details>
            <summary>Use another key</summary>
            <KeyForm />
          </details>
        </footer>
      )}
    </>
  );
}

const WORDS = {
  connecting: "Connecting …",
  live: "Live",
  away: "Reconnecting",
  offline: "Offline",
  expired: "Key expired",
} as const;

function Connection({ phase, lostAt }: ConnectionState) {
  return (
    <p role="status" className={`connection ${phase}`}>
      {WORDS[phase]}
      {lostAt && (
        <>
          {" since "}
          <time dateTime={lostAt.toISOString()}>{lostAt.toLocaleTimeString()}</time>
        </>
      )}
    </p>
  );
}
