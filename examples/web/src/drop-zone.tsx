import { useState, type DragEvent } from "react";
import { chosenIn, filesOf } from "./dropped";
import { goOn, send, stop, useSending, type SendingState } from "./sending";

/** Where files come in, and how far they are. */
export function DropZone() {
  const [isOver, setIsOver] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setIsOver(false);
    void filesOf(event.dataTransfer).then(send);
  };
  return (
    <section
      aria-label="Send files"
      className={isOver ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      <p>Drop files or folders here, or</p>
      <div className="row">
        <label className="choose">
          Choose files
          <input type="file" multiple onChange={(event) => send(chosenIn(event.currentTarget))} />
        </label>
        <label className="choose">
          Choose a folder
          <input type="file" webkitdirectory="" onChange={(event) => send(chosenIn(event.currentTarget))} />
        </label>
      </div>
      <Progress {...useSending()} />
    </section>
  );
}

function Progress({ phase, sentBytes, totalBytes, sentFiles, totalFiles, problem, refused }: SendingState) {
  const isStopped = phase === "stopped";
  return (
    <>
      {phase !== "idle" && (
        <div className="sending">
          <progress aria-label="Sent" value={sentBytes} max={totalBytes || 1} />
          <span role="status">
            {phase === "waiting" && "Waits for the open job to end. "}
            {phase === "submitting" && "Submitting … "}
            {isStopped && "Stopped. "}
            {sentFiles} of {totalFiles} files, {megabytes(sentBytes)} of {megabytes(totalBytes)} MB
          </span>
          <button type="button" onClick={isStopped ? goOn : stop}>
            {isStopped ? "Go on" : "Stop"}
          </button>
        </div>
      )}
      {problem !== null && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      {refused.length > 0 && (
        <ul className="problem" aria-label="Not taken">
          {refused.map(({ name, why }) => (
            <li key={name}>
              {name}: {why}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
