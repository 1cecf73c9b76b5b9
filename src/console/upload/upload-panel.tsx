import { Button, Group } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { counted, size } from "../parts/format.js";
import { Icon, type IconName } from "../parts/icons.js";
import { Panel } from "../parts/states.js";
import { isOpen, type Sending, type SendingState, type UploadQueue } from "./upload-queue.js";

/** So many files are listed; what has failed comes first. */
const MAX_LISTED = 100;
const ORDER: readonly SendingState[] = ["FAILED", "SENDING", "SENT", "WAITING", "CANCELLED", "ADDED"];
const LOOKS: Readonly<Record<SendingState, readonly [word: string, tone: string, icon: IconName]>> = {
  WAITING: ["waiting", "quiet", "clock"],
  SENDING: ["uploading", "busy", "turning"],
  SENT: ["uploaded, being added", "busy", "turning"],
  ADDED: ["added", "good", "check"],
  FAILED: ["failed", "bad", "cross"],
  CANCELLED: ["cancelled", "ended", "barred"],
};

/** Files on their way into the collection: how far they are, and pause, resume and cancel. Nothing where none were sent. */
export function UploadPanel({ queue }: { readonly queue: UploadQueue }) {
  const { files, isPaused } = useSyncExternalStore(queue.listen, () => queue.list);
  if (files.length === 0) return null;
  const counts = countsOf(files);
  const open = counts.WAITING + counts.SENDING + counts.SENT;
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const sentBytes = files.reduce((sum, one) => sum + (isOpen(one) ? one.sentBytes : one.sizeBytes), 0);
  const said = [
    `${counts.ADDED} of ${counted(files.length, "file")} added`,
    ...(counts.FAILED > 0 ? [`${counts.FAILED} failed`] : []),
    ...(counts.CANCELLED > 0 ? [`${counts.CANCELLED} cancelled`] : []),
  ].join(", ");
  return (
    <Panel
      title="Upload"
      aside={
        <span className="faint numbers">
          {open > 0 ? `${size(sentBytes)} of ${size(totalBytes)}${isPaused ? ", paused" : ""}` : size(totalBytes)}
        </span>
      }
    >
      <div className="upload-head">
        <progress
          className="upload-progress"
          aria-label="Bytes sent"
          max={Math.max(1, totalBytes)}
          value={open === 0 ? Math.max(1, totalBytes) : sentBytes}
        />
        {/* Told when it changes what is done, and not at each byte. */}
        <p role="status">{open === 0 ? `${said}.` : said}</p>
        <Group gap="xs">
          {open > 0 &&
            (isPaused ? (
              <Button size="compact-sm" leftSection={<Icon name="play" size={14} />} onClick={() => queue.resume()}>
                Resume
              </Button>
            ) : (
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<Icon name="pause" size={14} />}
                onClick={() => queue.pause()}
              >
                Pause
              </Button>
            ))}
          {open > 0 && (
            <Button size="compact-sm" variant="default" onClick={() => queue.cancel()}>
              Cancel remaining
            </Button>
          )}
          {counts.FAILED + counts.CANCELLED > 0 && open === 0 && (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<Icon name="retry" size={14} />}
              onClick={() => queue.again()}
            >
              Retry {counted(counts.FAILED + counts.CANCELLED, "file")}
            </Button>
          )}
          {open === 0 && (
            <Button size="compact-sm" variant="subtle" onClick={() => queue.clear()}>
              Close list
            </Button>
          )}
        </Group>
      </div>
      <FileList files={files} />
    </Panel>
  );
}

function countsOf(files: readonly Sending[]): Record<SendingState, number> {
  const counts = { WAITING: 0, SENDING: 0, SENT: 0, ADDED: 0, FAILED: 0, CANCELLED: 0 };
  for (const { state } of files) counts[state] += 1;
  return counts;
}

function FileList({ files }: { readonly files: readonly Sending[] }) {
  const listed = files
    .toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.id - b.id)
    .slice(0, MAX_LISTED);
  return (
    <ul className="upload-files" aria-label="Uploads" tabIndex={0}>
      {listed.map((sending) => {
        const [word, tone, icon] = LOOKS[sending.state];
        const { sizeBytes, sentBytes, state } = sending;
        return (
          <li key={sending.id}>
            <span className="upload-name">{sending.name}</span>
            <span className={`upload-state tone-${tone}`}>
              <Icon name={icon} size={13} className={icon === "turning" ? "turns" : undefined} /> {word}
            </span>
            <span className="faint numbers">
              {state === "SENDING" && sentBytes > 0 ? `${size(sentBytes)} of ` : ""}
              {size(sizeBytes)}
            </span>
            {sending.fault !== null && <span className="upload-fault">{sending.fault}</span>}
          </li>
        );
      })}
      {files.length > listed.length && (
        <li className="faint">and {counted(files.length - listed.length, "more file")}</li>
      )}
    </ul>
  );
}
