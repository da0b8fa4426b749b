export const NO_TELEMETRY = { ORT_DISABLE_TELEMETRY: '1' } as const;

/**
 * Keeps ONNX Runtime from telling Microsoft of models and machine. From 1.30 it does on Linux too: it makes an identifier of
 * the machine below the home folder, gathers events in a database beside it, and sends them. It looks at this when its first
 * session is opened: by then it must be in the environment of the process, which a thread of it cannot set.
 */
export function disableTelemetry(): void {
  Object.assign(process.env, NO_TELEMETRY);
}
