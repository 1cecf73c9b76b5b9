import { Modal } from "@mantine/core";
import { MEANINGS } from "../generated/meanings.js";
import { StatusWord } from "../parts/status.js";
import { SHORTCUTS } from "./shortcuts.js";

/** The keys of the keyboard, and the words of the statuses. */
export function HelpDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title="Keyboard shortcuts and statuses"
      size="lg"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <h3>Keyboard shortcuts</h3>
      <dl className="pairs">
        {SHORTCUTS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <Words title="Job statuses" of="JobStatus" />
      <Words title="Task statuses" of="TaskStatus" />
    </Modal>
  );
}

function Words({ title, of }: { readonly title: string; readonly of: "JobStatus" | "TaskStatus" }) {
  return (
    <>
      <h3>{title}</h3>
      <dl className="pairs">
        {Object.entries(MEANINGS[of]!).map(([word, meaning]) => (
          <div key={word}>
            <dt>
              <StatusWord of={of} word={word} />
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
