import { Button, Group } from "@mantine/core";
import { Icon } from "./icons.js";

/** The page that is asked for, as it stands in the address. */
export interface PageSearch {
  readonly after?: string;
  readonly before?: string;
}

interface PageButtonsProps {
  readonly search: PageSearch;
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly onChange: (search: PageSearch) => void;
}

/** What the server is asked for by a page of the address. */
export function pageVariables({ after, before }: PageSearch, size: number) {
  return before === undefined
    ? { first: size, after: after ?? null, last: null, before: null }
    : { first: null, after: null, last: size, before };
}

/** The ways to the pages before and behind; nothing where there is one page alone. */
export function PageButtons({ search, pageInfo, onChange }: PageButtonsProps) {
  const isFirst = search.after === undefined && search.before === undefined;
  if (isFirst && !pageInfo.hasNextPage) return null;
  return (
    <Group justify="space-between" component="nav" aria-label="Pages" mt="sm">
      <Button
        variant="default"
        size="compact-md"
        disabled={isFirst || !pageInfo.hasPreviousPage}
        leftSection={<Icon name="left" />}
        onClick={() => onChange({ before: pageInfo.startCursor ?? undefined, after: undefined })}
      >
        Before
      </Button>
      <Button
        variant="default"
        size="compact-md"
        disabled={!pageInfo.hasNextPage}
        rightSection={<Icon name="right" />}
        onClick={() => onChange({ after: pageInfo.endCursor ?? undefined, before: undefined })}
      >
        Next
      </Button>
    </Group>
  );
}
