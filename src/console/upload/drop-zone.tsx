import { useEffect, useEffectEvent, useRef, useState } from "react";
import { ActButton, type Allowed } from "../parts/act-button.js";
import { counted } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { useSay } from "../parts/said.js";
import { filesOfDrop, filesOfInput, type FoundFiles } from "./dropped-files.js";
import type { UploadQueue } from "./upload-queue.js";

interface DropZoneProps {
  readonly queue: UploadQueue;
  readonly permission: Allowed;
}

/** Takes files and folders: dropped anywhere on the page, or chosen. */
export function DropZone({ queue, permission }: DropZoneProps) {
  const say = useSay();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = ({ files: found, leftOut }: FoundFiles): void => {
    if (found.length === 0) return say("No files found in the dropped items.", true);
    queue.send(found);
    if (leftOut > 0) say(`${counted(leftOut, "system file was", "system files were")} skipped.`);
  };
  const isOver = useDrop((dropped) => {
    if (!permission.allowed) return say(permission.disabledReason ?? "You can't add files now.", true);
    filesOfDrop(dropped).then(take, (error: unknown) => say(`The folder can't be read: ${String(error)}.`, true));
  });
  return (
    <div className="drop-zone" data-over={isOver} data-allowed={permission.allowed}>
      <Icon name="upload" size={22} />
      <p>
        {permission.allowed ? (
          <>
            Drop files and folders anywhere on this page.{" "}
            <span className="faint">A file with an existing name replaces that document.</span>
          </>
        ) : (
          permission.disabledReason
        )}
      </p>
      <ActButton size="xs" permission={permission} onClick={() => files.current?.click()}>
        Choose files…
      </ActButton>
      <ActButton size="xs" permission={permission} onClick={() => folder.current?.click()}>
        Choose folder…
      </ActButton>
      <HiddenInput name="Files" inputRef={files} onFiles={take} />
      <HiddenInput name="Folder" inputRef={folder} onFiles={take} isFolder />
    </div>
  );
}

interface HiddenInputProps {
  readonly name: string;
  readonly inputRef: React.RefObject<HTMLInputElement | null>;
  readonly onFiles: (found: FoundFiles) => void;
  readonly isFolder?: boolean;
}

/** Opened by its button, which the keyboard reaches. */
function HiddenInput({ name, inputRef, onFiles, isFolder = false }: HiddenInputProps) {
  return (
    <input
      ref={inputRef}
      type="file"
      multiple
      hidden
      aria-label={name}
      {...(isFolder ? { webkitdirectory: "" } : {})}
      onChange={({ currentTarget }) => {
        if (currentTarget.files) onFiles(filesOfInput(currentTarget.files));
        // The same file can be chosen again, once it has been mended.
        currentTarget.value = "";
      }}
    />
  );
}

/** Whether something with files is held over the page; calls `onDrop` when it is let go. */
function useDrop(onDrop: (dropped: DataTransfer) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const drop = useEffectEvent(onDrop);
  useEffect(() => {
    let depth = 0;
    const withFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent): void => {
      if (!withFiles(event)) return;
      depth += 1;
      setIsOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (!withFiles(event)) return;
      depth = Math.max(0, depth - 1);
      setIsOver(depth > 0);
    };
    // Without this the browser would open the file instead of the page.
    const over = (event: DragEvent): void => {
      if (withFiles(event)) event.preventDefault();
    };
    const dropIt = (event: DragEvent): void => {
      if (!withFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setIsOver(false);
      drop(event.dataTransfer!);
    };
    const listeners = [
      ["dragenter", enter],
      ["dragleave", leave],
      ["dragover", over],
      ["drop", dropIt],
    ] as const;
    for (const [name, listener] of listeners) addEventListener(name, listener);
    return () => {
      for (const [name, listener] of listeners) removeEventListener(name, listener);
    };
  }, []);
  return isOver;
}
