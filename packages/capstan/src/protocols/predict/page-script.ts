/**
 * What the page of a deployment does: sends the fields as one row and shows the answer. Values are put together as JSON
 * text, since a number of JavaScript would lose digits of 64-bit integers.
 */
export const pageScript = String.raw`
'use strict';
const form = document.getElementById('try');
const status = document.getElementById('status');
const shown = document.getElementById('answer');

function valueOf(field) {
  const text = field.value;
  const kind = field.dataset.kind;
  if (kind === 'text') return JSON.stringify(text);
  if (text.trim() === '') return kind === 'context' ? undefined : 'null';
  if (kind === 'context') return /^-?[0-9]{1,15}$/.test(text) ? text : JSON.stringify(text);
  if (kind === 'number') return /^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)(e[-+]?[0-9]+)?$/i.test(text.trim()) ? numberText(text.trim()) : JSON.stringify(text);
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

function numberText(text) {
  return /^-?(0|[1-9][0-9]*)$/.test(text) ? text : JSON.stringify(Number(text));
}

function fields() {
  return [...form.querySelectorAll('[data-kind]')];
}

/** On several lines, each number as it came; lists of values stay on one line. */
function pretty(text) {
  try {
    const asWritten = (key, value, context) => (typeof value === 'number' ? JSON.rawJSON(context.source) : value);
    const lines = JSON.stringify(JSON.parse(text, asWritten), null, 2);
    return lines.replace(/\[\n[^\[\]{}]*\]/g, (list) => list.replace(/\n\s*/g, ' ').replace('[ ', '[').replace(/ \]$/, ']'));
  } catch {
    return text;
  }
}

function mark(name) {
  for (const field of fields()) {
    if (field.name === name) {
      field.setAttribute('aria-invalid', 'true');
      field.focus();
    } else field.removeAttribute('aria-invalid');
  }
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const members = fields().flatMap((field) => {
    const value = valueOf(field);
    return value === undefined ? [] : [JSON.stringify(field.name) + ':' + value];
  });
  const body = '{"rows":[{' + members.join(',') + '}]}';
  status.textContent = 'Asking …';
  status.className = '';
  const began = performance.now();
  try {
    const reply = await fetch(form.dataset.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const text = await reply.text();
    const took = (performance.now() - began).toFixed(1) + ' ms';
    shown.textContent = pretty(text);
    shown.hidden = false;
    if (reply.ok) {
      mark(undefined);
      status.textContent = 'Answered in ' + took;
      return;
    }
    let problem = {};
    try {
      problem = JSON.parse(text);
    } catch {}
    status.className = 'failed';
    status.textContent = [problem.detail || 'Refused with ' + reply.status, problem.hint].filter(Boolean).join('. ');
    mark(problem.field);
  } catch (error) {
    status.className = 'failed';
    status.textContent = 'No answer: ' + error.message;
  }
});
`;
