/** The look of the interface in a page of its own; a test compares the colours with its tokens. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: oklch(98.6% 0.003 220);
  --surface: oklch(100% 0 0);
  --line: oklch(90% 0.006 220);
  --text: oklch(24% 0.015 230);
  --text-quiet: oklch(46% 0.015 230);
  --danger: oklch(50% 0.18 27);
  --data-1: oklch(50% 0.15 255);
  --data-2: oklch(60% 0.16 48);
  --data-3: oklch(52% 0.12 165);
  --data-4: oklch(56% 0.2 345);
  --data-5: oklch(48% 0.09 95);
  --data-6: oklch(46% 0.18 300);
  --data-7: oklch(58% 0.1 220);
  --data-8: oklch(48% 0.16 22);
}
@media (prefers-color-scheme: dark) { :root {
  --ground: oklch(19% 0.012 230);
  --surface: oklch(22.5% 0.013 230);
  --line: oklch(33% 0.015 230);
  --text: oklch(94% 0.006 220);
  --text-quiet: oklch(75% 0.012 220);
  --danger: oklch(75% 0.14 25);
  --data-1: oklch(74% 0.13 250);
  --data-2: oklch(78% 0.14 62);
  --data-3: oklch(78% 0.13 165);
  --data-4: oklch(75% 0.16 345);
  --data-5: oklch(80% 0.1 100);
  --data-6: oklch(74% 0.15 300);
  --data-7: oklch(82% 0.09 215);
  --data-8: oklch(70% 0.16 22);
} }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; font-variant-numeric: tabular-nums; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 8px 24px; padding: 24px 32px 0; }
h1 { margin: 0; font-size: 20px; line-height: 1.3; font-weight: 600; }
.revisions { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0; padding: 0; list-style: none; }
.chip { display: inline-block; width: 18px; height: 4px; margin-right: 8px; border-radius: 2px; vertical-align: middle; }
.problems { margin: 16px 32px 0; padding: 8px 16px; border: 1px solid var(--line); border-left: 3px solid var(--danger); border-radius: 6px; background: var(--surface); overflow-wrap: anywhere; }
.problems ul { margin: 0; padding: 0; list-style: none; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(520px, 100%), 1fr)); gap: 16px; padding: 16px 32px 32px; align-items: start; }
figure { margin: 0; padding: 12px 12px 8px; border: 1px solid var(--line); border-radius: 6px; background: var(--surface); overflow: hidden; }
figure > svg { display: block; width: 100%; height: auto; }
figcaption { padding: 4px 8px 8px; font-weight: 600; overflow-wrap: anywhere; }
.images { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 12px; padding: 0 8px 8px; }
.images img { display: block; max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 4px; background: #fff; }
.images span, .note, details { color: var(--text-quiet); font-size: 12.5px; }
.note { margin: 4px 8px; }
details { padding: 0 8px 4px; }
summary { cursor: pointer; width: max-content; }
table { border-collapse: collapse; width: 100%; margin-top: 4px; }
th, td { padding: 3px 8px; border-top: 1px solid var(--line); text-align: right; font-weight: 400; }
th:first-child, .name, thead th:nth-child(2) { text-align: left; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--data-1); outline-offset: 2px; }
@media (max-width: 640px) { header { padding: 16px 16px 0; } main { padding: 16px; } .problems { margin: 16px 16px 0; } }
`;
