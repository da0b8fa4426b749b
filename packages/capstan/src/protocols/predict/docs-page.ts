import { createHash } from 'node:crypto';
import { escapeHtml, securityHeaders, type RawReply } from '#http';
import type { Description } from '#operations/serving';
import type { TensorSpec } from '#ports/model-runtime';
import { byRow } from './by-row.ts';
import { contextNote, innerDimensions } from './column-schema.ts';
import { exampleValue, modelInputs } from './example-row.ts';
import { pageScript } from './page-script.ts';
import { deploymentStyle } from './page-style.ts';
import { snippetHtml, snippets } from './snippets.ts';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing runs but the page's own script, whatever a model's columns are called. */
const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(pageScript)}`,
  `style-src ${hashOf(deploymentStyle)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** One deployment as a page: what it takes and gives, a form to try it, and how to ask from programs. */
export function docsPage(given: Description, server: string): RawReply & { readonly body: string } {
  const description = byRow(given);
  const { name, revisions, flavor } = description;
  const path = `/models/${encodeURIComponent(name)}`;
  const about = `${flavor === 'onnx' ? 'ONNX' : 'Python'} model, revision ${revisions.join(', ')}`;
  const asked = modelInputs(description).length > 0 ? tryAndSnippets(description, server, path) : untyped(path);
  const title = escapeHtml(name);
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title} - Capstan</title>
<meta name="viewport" content="width=device-width"><style>${deploymentStyle}</style></head><body><main>
<h1>${title}</h1><p class="about">${escapeHtml(about)}. All schemas: <a href="${escapeHtml(path)}/openapi.json">openapi.json</a></p>
<h2 id="inputs">Inputs</h2>${inputsTable(description)}<h2 id="outputs">Outputs</h2>${outputsTable(description)}
${asked}</main><script>${pageScript}</script></body></html>`;
  return {
    status: 200,
    headers: { ...securityHeaders, 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY },
    body,
  };
}

function tryAndSnippets(description: Description, server: string, path: string): string {
  const row = Object.fromEntries(
    modelInputs(description).map((spec) => [spec.name, exampleValue(spec) ?? `(${valueText(spec)})`]),
  );
  const { contextColumns } = description;
  const fields = description.inputs.map((spec, index) => field(spec, index, contextColumns.includes(spec.name)));
  return `<h2>Try it</h2><form id="try" data-url="${escapeHtml(path)}/predict" autocomplete="off">
<div class="fields">${fields.join('')}</div>
<div class="send"><button type="submit">Predict</button><span id="status" role="status"></span></div></form>
<pre id="answer" tabindex="0" role="region" aria-label="Answer" hidden></pre>
<h2>From a program</h2>${snippets(`${server}${path}/predict`, [row]).map(snippetHtml).join('')}`;
}

function untyped(path: string): string {
  return `<h2>How to ask</h2><p>The model names none of its inputs. It answers MLflow’s scoring protocol at <code>${escapeHtml(path)}/invocations</code>.</p>`;
}

function inputsTable({ inputs, contextColumns }: Description): string {
  if (inputs.length === 0) return '<p>The model does not say what it takes.</p>';
  return table(inputs, (spec) => (contextColumns.includes(spec.name) ? contextNote(spec) : valueText(spec)));
}

function outputsTable({ outputs, classLabels }: Description): string {
  if (outputs.length === 0) return '<p>What the model gives is known after its first answer.</p>';
  return table(outputs, (spec) => {
    const labels = classLabels[spec.name];
    return labels === undefined ? valueText(spec) : `value by class: ${labels.join(', ')}`;
  });
}

function table(specs: readonly TensorSpec[], says: (spec: TensorSpec) => string): string {
  const rows = specs.map(
    (spec) =>
      `<tr><td><code>${escapeHtml(spec.name)}</code></td><td><code>${spec.datatype}</code></td><td>${escapeHtml(says(spec))}</td></tr>`,
  );
  return `<div class="wide"><table><thead><tr><th scope="col">Name</th><th scope="col">Datatype</th><th scope="col">In a row</th></tr></thead>
<tbody>${rows.join('')}</tbody></table></div>`;
}

const KIND_TEXTS = { BOOL: 'true or false', BYTES: 'a text' } as const;

/** What one row has of it, in words. */
function valueText({ datatype, shape }: TensorSpec): string {
  const dimensions = innerDimensions(shape);
  if (dimensions.length > 0) {
    const sizes = dimensions.map((size) => (size < 0 ? 'any' : size)).join(' × ');
    return `a list of ${sizes} values`;
  }
  if (datatype === 'BOOL' || datatype === 'BYTES') return KIND_TEXTS[datatype];
  return datatype.startsWith('FP') ? 'a number, or null where it is missing' : 'a whole number';
}

function field(spec: TensorSpec, index: number, isContext: boolean): string {
  const id = `field-${index}`;
  const label = `<label for="${id}">${escapeHtml(spec.name)} <span>${isContext ? 'may be left out' : spec.datatype}</span></label>`;
  const basics = `id="${id}" name="${escapeHtml(spec.name)}"`;
  return `<div>${label}${control(spec, basics, isContext)}</div>`;
}

function control(spec: TensorSpec, basics: string, isContext: boolean): string {
  if (isContext) return `<input type="text" ${basics} data-kind="context">`;
  const example = exampleValue(spec);
  if (innerDimensions(spec.shape).length > 0) {
    const text = example === undefined ? '' : JSON.stringify(example).replaceAll(',', ', ');
    return `<textarea ${basics} data-kind="list" spellcheck="false" placeholder="${escapeHtml(valueText(spec))}">${escapeHtml(text)}</textarea>`;
  }
  if (spec.datatype === 'BOOL')
    return `<select ${basics} data-kind="boolean"><option>true</option><option>false</option></select>`;
  if (spec.datatype === 'BYTES') return `<input type="text" ${basics} data-kind="text" value="${String(example)}">`;
  return `<input type="text" inputmode="decimal" ${basics} data-kind="number" value="${String(example)}">`;
}
