interface HeadingPathProps {
  /** The attachment, archive entry or sheet. */
  readonly part: string | null;
  /** The highest first. */
  readonly headings: readonly string[];
}

/** Where in its document a piece of text stands. */
export function HeadingPath({ part, headings }: HeadingPathProps) {
  const path = part === null ? headings : [part, ...headings];
  if (path.length === 0) return null;
  return <span className="heading-path">{path.join(" › ")}</span>;
}

/** Such as "pages 3 to 4"; empty where the format has no pages. */
export function pagesInWords({
  page,
  pageEnd,
}: {
  readonly page: number | null;
  readonly pageEnd: number | null;
}): string {
  if (page === null) return "";
  return pageEnd === null || pageEnd === page ? `page ${page}` : `pages ${page} to ${pageEnd}`;
}
