/**
 * The whole environment of a worker: where programs are, one thread a library (processes are how it scales, and a thread
 * pool each would fight for the same cores), and no telemetry. Never anything of this process's own.
 */
export function workerVariables(
  command: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PATH: command['PATH'] ?? '/usr/bin:/bin',
    LANG: command['LANG'] ?? 'C.UTF-8',
    OMP_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
    MKL_NUM_THREADS: '1',
    NUMEXPR_NUM_THREADS: '1',
    VECLIB_MAXIMUM_THREADS: '1',
    PYTHONNOUSERSITE: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONIOENCODING: 'utf-8:backslashreplace',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: 'true',
    // Of ONNX Runtime from 1.30.
    ORT_DISABLE_TELEMETRY: '1',
    ...environment,
    ...more,
  };
}
