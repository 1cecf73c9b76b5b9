/** Where a handler threw, on request; nothing where the key may not see it or nothing is known. */
export function StackTrace({ stack }: { readonly stack: string | null }) {
  if (!stack) return null;
  return (
    <details>
      <summary>Stack trace</summary>
      <pre className="stack-trace" tabIndex={0}>
        {stack}
      </pre>
    </details>
  );
}
