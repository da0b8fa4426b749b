import { errorCodes, type AnyRoute } from '@capstan/api';

/** Text as it may stand in HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Of every page that the server writes itself. */
export const pageStyle = `body{font:14px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:4px 12px 4px 0;vertical-align:top;border-bottom:1px solid color-mix(in srgb,currentColor 15%,transparent)}
code{font-family:ui-monospace,monospace}h2{margin-top:2rem}`;

/** The API as one static page: every route by module, every error code. Schemas are in /openapi.json. */
export function referencePage(table: readonly AnyRoute[], version: string): string {
  const modules = Map.groupBy(table, (route) => route.name.split('.')[0] ?? '');
  const sections = [...modules].map(([module, routes]) => {
    const rows = routes.map(
      (route) => `<tr id="${escapeHtml(route.name)}"><td><code>${route.method}</code></td>
<td><code>${escapeHtml(route.path)}</code></td><td>${escapeHtml(route.summary)}</td><td>${route.permission}</td></tr>`,
    );
    return `<h2>${escapeHtml(module)}</h2><table><thead><tr><th scope="col">Method</th><th scope="col">Path</th>
<th scope="col">What it does</th><th scope="col">Permission</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  });
  const codes = Object.entries(errorCodes).map(
    ([code, facts]) => `<tr id="${code.toLowerCase()}"><td><code>${code}</code></td><td>${facts.status}</td>
<td>${escapeHtml(facts.title)}</td><td>${facts.isRetryable ? 'yes' : 'no'}</td></tr>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Capstan API ${escapeHtml(version)}</title>
<meta name="viewport" content="width=device-width"><style>${pageStyle}</style></head><body><main>
<h1>Capstan API ${escapeHtml(version)}</h1><p>The same as a document with all schemas: <a href="/openapi.json">openapi.json</a>.</p>
${sections.join('')}<h2>errors</h2><table><thead><tr><th scope="col">Code</th><th scope="col">Status</th>
<th scope="col">Meaning</th><th scope="col">Try again?</th></tr></thead><tbody>${codes.join('')}</tbody></table></main></body></html>`;
}
