// Capstan's own way to ask a deployment: rows as plain JSON in, an answer for each row out. Owns the form of both; what
// answers is the data plane. Called by the composition root serving.ts.
export { predictRoutes } from './routes.ts';
