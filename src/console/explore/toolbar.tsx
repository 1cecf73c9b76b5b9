import { Button, Select } from "@mantine/core";
import { ActButton, type Allowed } from "../parts/act-button.js";
import { Icon } from "../parts/icons.js";
import type { Operation } from "./operations-in.js";

interface ToolbarProps {
  readonly permission: Allowed;
  readonly isRunning: boolean;
  /** Whether what runs is what is shown. */
  readonly isRunningHere: boolean;
  readonly operations: readonly Operation[];
  /** Which of several operations is run, by its name. */
  readonly chosen: string | undefined;
  readonly isChanged: boolean;
  /** The title of the step behind this one; null where there is none. */
  readonly next: string | null;
  readonly onChoose: (name: string) => void;
  readonly onRun: () => void;
  readonly onStop: () => void;
  readonly onPrettify: () => void;
  readonly onLink: () => void;
  readonly onUndo: () => void;
  readonly onNext: () => void;
}

/** What can be done with the operation. */
export function Toolbar(props: ToolbarProps) {
  const { permission, isRunning, isRunningHere, operations, chosen, isChanged, next } = props;
  return (
    <div className="explore-tools">
      {isRunning && (
        <Button size="xs" color="red.9" leftSection={<Icon name="stop" />} onClick={props.onStop}>
          Stop
        </Button>
      )}
      {!isRunningHere && (
        <ActButton
          size="xs"
          variant="filled"
          permission={permission}
          leftSection={<Icon name="play" />}
          onClick={props.onRun}
        >
          Run
        </ActButton>
      )}
      {operations.length > 1 && (
        <Select
          size="xs"
          aria-label="Operation to run"
          data={operations.map(({ name }) => name)}
          value={chosen ?? null}
          allowDeselect={false}
          onChange={(name) => name !== null && props.onChoose(name)}
        />
      )}
      {next !== null && (
        <Button size="xs" variant="default" rightSection={<Icon name="right" size={14} />} onClick={props.onNext}>
          Next: {next}
        </Button>
      )}
      <span className="spread" />
      {isChanged && (
        <Button size="compact-xs" variant="default" onClick={props.onUndo}>
          Reset
        </Button>
      )}
      <Button size="compact-xs" variant="default" onClick={props.onPrettify}>
        Prettify
      </Button>
      <Button size="compact-xs" variant="default" onClick={props.onLink}>
        Copy link
      </Button>
    </div>
  );
}
