/** Facts of deployments, predictions, monitors and cycles. */
export const operationsEvents = {} as const;
