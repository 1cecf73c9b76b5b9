import { Button, Group } from "@mantine/core";
import { Icon } from "./icons.js";

/** The page that is shown, as it stands in the address: what lies behind one cursor, or before another. */
interface PageSearch {
  readonly after?: string;
  readonly before?: string;
}

interface PagesProps {
  readonly search: PageSearch;
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

/** What the server is asked for by a page of the address. */
export function pageVariables({ after, before }: PageSearch, size: number) {
  return before === undefined
    ? { first: size, after: after ?? null, last: null, before: null }
    : { first: null, after: null, last: size, before };
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
        Previous
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
