import { getResolvedPDFJS, type getDocumentProxy } from "unpdf";

/** Operations on a page that are looked through; a page of more is a drawing and no scan. */
const MAX_OPERATIONS = 100_000;

type PdfPage = Awaited<ReturnType<Awaited<ReturnType<typeof getDocumentProxy>>["getPage"]>>;
type Matrix = readonly [number, number, number, number, number, number];

/** Which share of a page its largest pictures cover, 0 to 1. */
export async function picturedShare(page: PdfPage): Promise<number> {
  const { OPS } = await getResolvedPDFJS();
  const { fnArray, argsArray } = await page.getOperatorList();
  const [left, bottom, right, top] = page.view as [number, number, number, number];
  const area = Math.abs((right - left) * (top - bottom)) || 1;
  const stack: Matrix[] = [];
  let matrix: Matrix = [1, 0, 0, 1, 0, 0];
  let covered = 0;
  for (const [index, operation] of fnArray.slice(0, MAX_OPERATIONS).entries()) {
    if (operation === OPS.save) stack.push(matrix);
    else if (operation === OPS.restore) matrix = stack.pop() ?? matrix;
    else if (operation === OPS.transform) matrix = product(matrix, argsArray[index] as Matrix);
    else if (operation === OPS.paintFormXObjectBegin && Array.isArray((argsArray[index] as unknown[])[0])) {
      stack.push(matrix);
      matrix = product(matrix, (argsArray[index] as [Matrix])[0]);
    } else if (operation === OPS.paintFormXObjectEnd) matrix = stack.pop() ?? matrix;
    else if (
      operation === OPS.paintImageXObject ||
      operation === OPS.paintInlineImageXObject ||
      operation === OPS.paintImageMaskXObject
    ) {
      // A picture is a square of one unit, drawn through the matrix.
      covered += Math.abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]);
    }
  }
  return Math.min(1, covered / area);
}

function product(a: Matrix, b: Matrix): Matrix {
  return [
    a[0] * b[0] + a[2] * b[1],
    a[1] * b[0] + a[3] * b[1],
    a[0] * b[2] + a[2] * b[3],
    a[1] * b[2] + a[3] * b[3],
    a[0] * b[4] + a[2] * b[5] + a[4],
    a[1] * b[4] + a[3] * b[5] + a[5],
  ];
}
