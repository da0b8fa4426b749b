import { exampleId } from '#ports/prediction-log';

/**
 * The ids of the rows of an answer, by which outcomes are sent. Most who ask for a thousand rows read none of them, or
 * only pass them on: nothing is made before it is asked for.
 */
export class PredictionIds {
  readonly rows: number;
  readonly #request: string;
  readonly #given: readonly string[] | null;

  /** @param given those that the rows came with; null: that of the request, with the row's number where there are several */
  constructor(request: string, rows: number, given: readonly string[] | null = null) {
    this.rows = rows;
    this.#request = request;
    this.#given = given;
  }

  of(row: number): string {
    return this.#given === null ? exampleId(this.#request, row, this.rows) : (this.#given[row] ?? '');
  }

  /** The same where the ids that the rows came with mean something to one deployment only. */
  within(deployment: string): PredictionIds {
    return new PredictionIds(
      this.#request,
      this.rows,
      this.#given?.map((id) => `${deployment}:${id}`),
    );
  }

  /** Of an answer for one row. */
  get only(): string | undefined {
    return this.rows === 1 ? this.of(0) : undefined;
  }

  all(): readonly string[] {
    return this.#given ?? Array.from({ length: this.rows }, (_, row) => this.of(row));
  }

  /** The list of them, in JSON. */
  json(): string {
    if (this.#given !== null || this.rows <= 1) return JSON.stringify(this.all());
    // By hand, in half the time: what we make needs no escapes.
    const between = `","${this.#request}-`;
    let text = `["${this.of(0)}`;
    for (let row = 1; row < this.rows; row++) text += between + row;
    return `${text}"]`;
  }
}
