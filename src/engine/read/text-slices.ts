import DataLoader from "dataloader";

/** What to read of a document's text, in UTF-16 units. */
export interface TextSlice {
  readonly documentId: string;
  readonly from: number;
  readonly most: number;
}

interface SliceRow {
  readonly nr: number;
  readonly text: string;
  readonly isCut: boolean;
}
/** Runs the statement, perhaps within bounds of its own. */
type ReadSlices = (sql: string, parameters: readonly unknown[]) => Promise<SliceRow[]>;

/** No text is longer; Postgres adds these numbers as int. */
const BEYOND = 1_000_000_000;

/**
 * Reads slices in the database, so that a page of a long text does not cost the whole of it. Postgres counts characters:
 * where some are two units, what it gives starts at the beginning, ends far enough behind, and is cut here.
 */
export function textSlices(read: ReadSlices, projectId: string): DataLoader<TextSlice, string | null, string> {
  return new DataLoader<TextSlice, string | null, string>(
    async (slices) => {
      const rows = await read(
        `select s.nr::int as nr, x.one_unit_each as "isCut",
           case when x.one_unit_each then substr(x.text, s.start + 1, s.most) else left(x.text, s.start + s.most) end as text
         from unnest($1::uuid[], $2::int[], $3::int[]) with ordinality as s(id, start, most, nr)
         join headway.document d on d.id = s.id and d.project_id = $4
         join headway.document_text x on x.document_id = d.id and x.task_id = d.content_task_id and x.fence = d.text_fence`,
        [
          slices.map(({ documentId }) => documentId),
          slices.map(({ from }) => Math.min(from, BEYOND)),
          slices.map(({ most }) => most),
          projectId,
        ],
      );
      const byNumber = new Map(rows.map((row) => [row.nr, row]));
      return slices.map(({ from, most }, index) => {
        const row = byNumber.get(index + 1);
        if (!row) return null;
        return row.isCut ? row.text : row.text.slice(from, from + most);
      });
    },
    { cacheKeyFn: ({ documentId, from, most }) => `${documentId} ${from} ${most}` },
  );
}
