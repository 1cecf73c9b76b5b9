import { useApolloClient } from "@apollo/client/react";
import { useState } from "react";
import { ArtifactAddressDocument, OriginalAddressDocument } from "./operations";

interface Props {
  readonly id: string;
  readonly of: "document" | "artifact";
  readonly label: string;
}

/** A signed address lives for minutes, so it is asked for when it is wanted. It needs no key, and is always an attachment. */
export function Download({ id, of, label }: Props) {
  const client = useApolloClient();
  const [problem, setProblem] = useState<string | null>(null);
  const address = async (): Promise<string | undefined> => {
    const asked = { variables: { id }, fetchPolicy: "no-cache" } as const;
    if (of === "document") {
      return (await client.query({ query: OriginalAddressDocument, ...asked })).data?.document?.original?.url;
    }
    const node = (await client.query({ query: ArtifactAddressDocument, ...asked })).data?.node;
    return node?.__typename === "Artifact" ? node.signedUrl.url : undefined;
  };
  const download = async (): Promise<void> => {
    try {
      const url = await address();
      if (url === undefined) setProblem("It is not kept (any more).");
      else if (!/^https?:$/.test(new URL(url, location.href).protocol)) setProblem("Its address is none of the web.");
      else {
        setProblem(null);
        location.assign(url);
      }
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <span className="download">
      <button type="button" aria-label={`Download ${label}`} onClick={() => void download()}>
        <span aria-hidden="true">↓</span> {label}
      </button>
      {problem !== null && (
        <span role="alert" className="problem">
          {problem}
        </span>
      )}
    </span>
  );
}
