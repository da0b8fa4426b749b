import { pageStyle } from '#http';

/** Of the page of a deployment, in light and dark as the reader has it. */
export const deploymentStyle = `${pageStyle}
:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 15%,transparent);--soft:color-mix(in srgb,currentColor 5%,transparent);--accent:light-dark(#0b57d0,#8ab4f8);--bad:light-dark(#b3261e,#f2b8b5)}
body{max-width:60rem}a{color:var(--accent)}h1{margin-bottom:0}.about{margin-top:4px;color:color-mix(in srgb,currentColor 75%,transparent)}
h2{border-bottom:1px solid var(--line);padding-bottom:4px}h3{margin:1.25rem 0 4px;font-size:1em}
table{table-layout:fixed;min-width:20rem}td,th{overflow-wrap:anywhere}th:first-child{width:36%}th:nth-child(2){width:6rem}.wide{overflow-x:auto}
.fields{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:12px 16px}
label{display:block;font-weight:600;overflow-wrap:anywhere}label span{font-weight:400;opacity:.7}
input,select,textarea{box-sizing:border-box;width:100%;font:inherit;padding:6px 8px;border:1px solid color-mix(in srgb,currentColor 45%,transparent);border-radius:6px;background:Field;color:FieldText}
textarea{font-family:ui-monospace,monospace;min-height:4.5em;resize:vertical}
[aria-invalid]{border-color:var(--bad);outline:1px solid var(--bad)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
button{font:inherit;font-weight:600;padding:7px 18px;border:0;border-radius:6px;background:var(--accent);color:light-dark(#fff,#10233f);cursor:pointer}
.send{display:flex;gap:16px;align-items:center;margin-top:16px}.failed{color:var(--bad)}
pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:12px;overflow:auto;margin:4px 0}pre#answer{margin-top:16px;max-height:28rem}`;
