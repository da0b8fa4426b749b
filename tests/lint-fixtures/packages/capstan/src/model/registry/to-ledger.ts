export { value } from '#ledger/value';
