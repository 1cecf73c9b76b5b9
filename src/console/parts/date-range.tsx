import { TextInput } from "@mantine/core";

interface DateRangeProps {
  readonly label: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly onChange: (changed: { readonly from?: string } | { readonly to?: string }) => void;
}

/** Two fields for the first and the last day of a filter; either may be left out. */
export function DateRange({ label, from, to, onChange }: DateRangeProps) {
  return (
    <>
      <TextInput
        type="date"
        label={label}
        value={from ?? ""}
        max={to}
        onChange={({ currentTarget }) => onChange({ from: currentTarget.value || undefined })}
        size="xs"
      />
      <TextInput
        type="date"
        label="to"
        value={to ?? ""}
        min={from}
        onChange={({ currentTarget }) => onChange({ to: currentTarget.value || undefined })}
        size="xs"
      />
    </>
  );
}
