import { Button, Group } from "@mantine/core";

interface FormEndProps {
  /** What was refused and belongs to none of the fields; null where nothing was. */
  readonly fault: string | null;
  readonly isWorking: boolean;
  /** The word on the button that sends the form. */
  readonly action: string;
  readonly onLeave: () => void;
}

/** The end of a dialog's form: what was refused of it as a whole, and the buttons that leave it or send it. */
export function FormEnd({ fault, isWorking, action, onLeave }: FormEndProps) {
  return (
    <>
      {fault !== null && (
        <p className="tone-bad" role="alert">
          {fault}
        </p>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onLeave} disabled={isWorking}>
          Cancel
        </Button>
        <Button type="submit" loading={isWorking}>
          {action}
        </Button>
      </Group>
    </>
  );
}
