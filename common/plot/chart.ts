/** What is drawn, in a terminal or as SVG. */
export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** One point that is pointed out. */
  readonly mark?: Point & { readonly name: string };
}

export interface Axis {
  /** With its unit. */
  readonly label: string;
  /** A linear axis begins at 0, a logarithmic one above it: what lies below is left out. */
  readonly scale: 'linear' | 'log';
}

export interface Series {
  readonly name: string;
  /** Joined in this order. */
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** More points than this are a curve: it is drawn without a sign on each of them. */
export const mostSigns = 24;

/** The points that an axis can show, of all series and of the mark. */
export function shownPoints({ series, mark, x, y }: Chart): readonly Point[] {
  const all = [...series.flatMap(({ points }) => points), ...(mark === undefined ? [] : [mark])];
  return all.filter((point) => canShow(x, point.x) && canShow(y, point.y));
}

export function canShow({ scale }: Axis, value: number): boolean {
  return Number.isFinite(value) && (value > 0 || (scale === 'linear' && value === 0));
}
