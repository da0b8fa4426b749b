/**
 * The exact distribution of the one-sample Kolmogorov-Smirnov statistic, by a matrix power.
 *
 * Owns Durbin's method in the form of G. Marsaglia, W. W. Tsang and J. Wang, "Evaluating Kolmogorov's Distribution",
 * Journal of Statistical Software 8(18), 2003. Called by `kolmogorov-distribution.ts` only.
 */

/** A square matrix, row by row, that stands for `cells * 2^exponent`: the powers outgrow a double. */
interface ScaledMatrix {
  readonly cells: Float64Array;
  readonly exponent: number;
}

const RESCALE_FROM = 2 ** 100;

function multiply(size: number, left: ScaledMatrix, right: ScaledMatrix): ScaledMatrix {
  const cells = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let inner = 0; inner < size; inner++) {
      const factor = left.cells[row * size + inner] ?? 0;
      if (factor === 0) continue;
      for (let column = 0; column < size; column++) {
        const at = row * size + column;
        cells[at] = (cells[at] ?? 0) + factor * (right.cells[inner * size + column] ?? 0);
      }
    }
  }
  const exponent = left.exponent + right.exponent;
  const middle = cells[(size * size - 1) / 2] ?? 0;
  if (middle < RESCALE_FROM) return { cells, exponent };
  return { cells: cells.map((cell) => cell / RESCALE_FROM), exponent: exponent + 100 };
}

function power(size: number, base: ScaledMatrix, n: number): ScaledMatrix {
  let result: ScaledMatrix | undefined;
  let square = base;
  for (let rest = n; ; square = multiply(size, square, square)) {
    if (rest % 2 === 1) result = result === undefined ? square : multiply(size, result, square);
    rest = Math.floor(rest / 2);
    if (rest === 0) return result ?? square;
  }
}

/** Marsaglia, Tsang and Wang's matrix H for n d = k - h, of size 2k - 1. */
function transitions(k: number, h: number): ScaledMatrix {
  const size = 2 * k - 1;
  const inverseFactorial = [1];
  for (let j = 1; j <= size; j++) inverseFactorial.push((inverseFactorial[j - 1] ?? 0) / j);
  const cells = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= Math.min(row + 1, size - 1); column++) {
      cells[row * size + column] = inverseFactorial[row - column + 1] ?? 0;
    }
  }
  for (let row = 0; row < size; row++) {
    const edge = (1 - h ** (row + 1)) * (inverseFactorial[row + 1] ?? 0);
    cells[row * size] = edge;
    cells[size * size - 1 - row] = edge;
  }
  const corner = 1 - 2 * h ** size + Math.max(0, 2 * h - 1) ** size;
  cells[(size - 1) * size] = corner * (inverseFactorial[size] ?? 0);
  return { cells, exponent: 0 };
}

/** P(D_n <= d) for n >= 1 and 1/2 < n d < n; costs (2 n d)^3 log n. The caller checks the arguments. */
export function exactKolmogorovCdf(n: number, d: number): number {
  const k = Math.ceil(n * d);
  const size = 2 * k - 1;
  const raised = power(size, transitions(k, k - n * d), n);
  let probability = raised.cells[(size * size - 1) / 2] ?? 0;
  let exponent = raised.exponent;
  // Times n!/n^n, factor by factor, since either alone leaves the range of a double.
  for (let i = 1; i <= n; i++) {
    probability *= i / n;
    if (probability < 1 / RESCALE_FROM) {
      probability *= RESCALE_FROM;
      exponent -= 100;
    }
  }
  return probability * 2 ** exponent;
}
