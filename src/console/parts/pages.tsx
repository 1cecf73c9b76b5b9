import { Button, Group } from "@mantine/core";
import { Icon } from "./icons.js";

interface PagesProps {
  /** The page that is shown: what lies behind one cursor, or before another. */
  readonly search: { readonly after?: string; readonly before?: string };
  readonly pageInfo:
    | {
        readonly hasNextPage: boolean;
        readonly hasPreviousPage: boolean;
        readonly startCursor: string | null;
        readonly endCursor: string | null;
      }
    | undefined;
  readonly onChange: (page: { readonly after: string | undefined; readonly before: string | undefined }) => void;
}

/** The way to the pages before and behind; nothing where there is one page. */
export function Pages({ search, pageInfo, onChange }: PagesProps) {
  if (!search.after && !search.before && !pageInfo?.hasNextPage && !pageInfo?.hasPreviousPage) return null;
  return (
    <Group justify="space-between" component="nav" aria-label="Pages">
      <Button
        variant="default"
        size="compact-md"
        disabled={pageInfo?.hasPreviousPage === false}
        leftSection={<Icon name="left" />}
        onClick={() => pageInfo && onChange({ before: pageInfo.startCursor ?? undefined, after: undefined })}
      >
        Before
      </Button>
      <Button
        variant="default"
        size="compact-md"
        disabled={pageInfo?.hasNextPage === false}
        rightSection={<Icon name="right" />}
        onClick={() => pageInfo && onChange({ after: pageInfo.endCursor ?? undefined, before: undefined })}
      >
        Next
      </Button>
    </Group>
  );
}
