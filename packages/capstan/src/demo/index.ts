// The main example as a year on the simulated clock: an outside world of flights that knows Capstan by its HTTP only.
// Owns the days, the requests, the outcomes and the table at the end; decides nothing, which is what the demo shows.
// Started by `capstan demo`; starts `capstan up` in a process of its own.
export { calendar } from './days.ts';
export { runDemo } from './run-demo.ts';
