import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { useClient } from "urql";
import { useApi } from "../api/api.js";
import { send } from "../api/send.js";
import { RevokeKeyDocument, type KeyPartsFragment } from "../generated/operations.js";
import { ConfirmDialog } from "../parts/confirm-dialog.js";
import { Icon } from "../parts/icons.js";
import { useSay } from "../parts/said.js";
import { Word } from "../parts/status.js";
import { useNow, When } from "../parts/when.js";

interface TableProps {
  readonly keys: readonly KeyPartsFragment[];
  readonly onDone: () => void;
}

/** The newest first, with those that are no longer good. */
export function KeysTable({ keys, onDone }: TableProps) {
  const [chosen, setChosen] = useState<KeyPartsFragment | null>(null);
  return (
    <>
      <table className="rows cards">
        <caption className="for-readers">Keys</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Access</th>
            <th scope="col">Status</th>
            <th scope="col">Last used</th>
            <th scope="col">Created</th>
            <th scope="col">
              <span className="for-readers">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <KeyRow key={key.id} apiKey={key} onRevoke={() => setChosen(key)} />
          ))}
        </tbody>
      </table>
      {chosen !== null && <RevokeDialog apiKey={chosen} onClose={() => setChosen(null)} onDone={onDone} />}
    </>
  );
}

function KeyRow({ apiKey, onRevoke }: { readonly apiKey: KeyPartsFragment; readonly onRevoke: () => void }) {
  const { name, lastUsedAt, createdAt, createdBy, revokedAt, expiresAt } = apiKey;
  const nowMs = useNow();
  const isOver = revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= nowMs);
  return (
    <tr data-over={isOver || undefined}>
      <td data-title="Name" className="wide">
        <strong>{name}</strong>
      </td>
      <td data-title="Access">
        <Rights apiKey={apiKey} />
      </td>
      <td data-title="Status">
        <KeyState apiKey={apiKey} nowMs={nowMs} />
      </td>
      <td data-title="Last used">
        {lastUsedAt === null ? <span className="faint">never</span> : <When at={lastUsedAt} />}
      </td>
      <td data-title="Created">
        <When at={createdAt} /> <span className="faint">by {createdBy}</span>
      </td>
      <td data-title="" className="acts">
        {!isOver && (
          <Button size="compact-sm" variant="default" onClick={onRevoke}>
            Revoke…<span className="for-readers"> {name}</span>
          </Button>
        )}
      </td>
    </tr>
  );
}

/** The role; or of a browser's key what it may do with which collection or job. */
function Rights({
  apiKey: { role, permissions, pipelines, collectionId, jobId },
}: {
  readonly apiKey: KeyPartsFragment;
}) {
  if (permissions === null) return <Word of="Role" word={role} />;
  const place: ReactNode =
    jobId !== null ? (
      <>
        for{" "}
        <Link to="/jobs/$id" params={{ id: jobId }}>
          one job
        </Link>
      </>
    ) : (
      <>
        for{" "}
        <Link to="/collections/$id" params={{ id: collectionId! }}>
          one collection
        </Link>
      </>
    );
  return (
    <>
      {permissions.map((permission) => (
        <span key={permission}>
          <Word of="BrowserPermission" word={permission} />{" "}
        </span>
      ))}
      <span className="faint">{place}</span>
      {pipelines !== null && <div className="faint">submits to {pipelines.join(", ")}</div>}
    </>
  );
}

function KeyState({
  apiKey: { revokedAt, expiresAt },
  nowMs,
}: {
  readonly apiKey: KeyPartsFragment;
  readonly nowMs: number;
}) {
  if (revokedAt !== null) {
    return (
      <span className="tone-ended">
        <Icon name="barred" size={14} /> Revoked <When at={revokedAt} />
      </span>
    );
  }
  if (expiresAt === null) {
    return (
      <span className="tone-good">
        <Icon name="check" size={14} /> Active, no expiration
      </span>
    );
  }
  if (Date.parse(expiresAt) <= nowMs) {
    return (
      <span className="tone-ended">
        <Icon name="clock" size={14} /> Expired <When at={expiresAt} />
      </span>
    );
  }
  return (
    <span className="tone-good">
      <Icon name="check" size={14} /> Active; expires <When at={expiresAt} />
    </span>
  );
}

interface RevokeProps {
  readonly apiKey: KeyPartsFragment;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function RevokeDialog({ apiKey: { id, name }, onClose, onDone }: RevokeProps) {
  const { viewer } = useApi();
  const client = useClient();
  const say = useSay();
  const revoke = async () => {
    const { refusals } = await send(client, RevokeKeyDocument, { input: { keyId: id } });
    if (refusals !== null) return refusals;
    say(`${name} revoked.`);
    onDone();
    return null;
  };
  return (
    <ConfirmDialog title={`Revoke ${name}`} act="Revoke" isFinal onConfirm={revoke} onClose={onClose}>
      <p>
        All servers reject the key within seconds and close its connections. Browser keys created with it also stop
        working. This can't be undone. If you need a replacement, create it first.
      </p>
      {name === viewer.name && (
        <p className="tone-mixed">
          You are signed in with a key of this name. If you revoke that key, you must sign in with another one.
        </p>
      )}
    </ConfirmDialog>
  );
}
