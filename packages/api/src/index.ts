// The contract of Capstan: routes, errors and facts as data. Imports zod and nothing else, so that the server, the
// typed client, the interface and the OpenAPI document all come from this one place.
export * from './errors.ts';
export * from './route.ts';
export * from './shapes.ts';
export * from './duration.ts';
export * from './expectation-suite.ts';
export * from './events/event.ts';
export * from './events/index.ts';
export * from './routes/index.ts';
