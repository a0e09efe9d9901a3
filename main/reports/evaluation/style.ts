// The style sheet of the evaluation report: light and dark, wide and narrow, screen and paper.

export const evaluationStyle = `
:root { color-scheme: light dark;
  --paper: light-dark(#f6f8f9, #14181b); --surface: light-dark(#fff, #1b2024); --line: light-dark(#dde3e7, #323a40);
  --ink: light-dark(#1b2329, #eceff1); --soft: light-dark(#55616a, #a5b0b8); --accent: light-dark(#0d6576, #6cc3d3);
  --benign: light-dark(#3f7fb0, #7ab2dd); --bad: light-dark(#c2410c, #f2905c); --good: light-dark(#2f7d5b, #6cc39c);
  --warn: light-dark(#b7791f, #e3b45c); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; }
main { max-width: 1280px; margin: 0 auto; padding: 28px 24px 60px; }
h1 { font-size: 26px; overflow-wrap: anywhere; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.01em; }
h2 { font-size: 19px; margin: 40px 0 6px; } h3 { font-size: 15px; margin: 18px 0 6px; }
p { margin: 4px 0 10px; max-width: 75ch; } .soft { color: var(--soft); } .small { font-size: 13px; }
.notice { display: inline-block; border: 1px solid var(--line); border-radius: 99px; padding: 1px 12px; font-size: 13px; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.scroll { overflow-x: auto; } .card.scroll { padding: 6px 0 10px; } .scroll:focus-visible { outline: 2px solid var(--accent); }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { padding-left: 16px; } tr { background: var(--surface); }
tbody th[scope=row] { position: sticky; left: 0; background: inherit; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 12.5px; padding: 5px 14px 5px 0; vertical-align: bottom; }
td { padding: 5px 12px 5px 0; border-top: 1px solid var(--line); vertical-align: middle; white-space: nowrap; }
tbody th { color: var(--ink); font-size: 13.5px; border-top: 1px solid var(--line); white-space: nowrap; }
tr.block th { padding-top: 14px; border-top: 0; color: var(--soft); font-weight: 600; }
td.number, th.number { text-align: right; } .interval { color: var(--soft); font-size: 12.5px; }
.variant { color: var(--soft); font-weight: 400; } .zero { color: var(--good); font-weight: 600; }
tr.baseline { background: light-dark(#f0f4f6, #20262b); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 0; font-size: 13.5px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
details { margin: 10px 0; } summary { cursor: pointer; font-weight: 600; padding: 2px 0; }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
.plots { display: flex; flex-wrap: wrap; gap: 18px 24px; align-items: flex-start; }
figure { margin: 0; max-width: 100%; } .plots figure { max-width: 290px; } details[open] > summary { margin-bottom: 10px; } figcaption { font-size: 13px; font-weight: 600; margin-bottom: 4px; }
.plot { display: block; width: 100%; height: auto; overflow: visible; } figure .plot { min-width: 230px; }
.plot text { font: 11px system-ui, sans-serif; fill: var(--ink); }
.plot .tick { fill: var(--soft); font-size: 10px; } .plot .axis { fill: var(--soft); font-size: 11px; }
.grid { stroke: var(--line); stroke-width: 1; }
.chance { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; } .bar { fill: var(--accent); }
.confusion { width: auto; border-collapse: separate; border-spacing: 2px; } .confusion th { padding: 0 4px; border: 0; font-size: 12px; color: var(--soft); } .confusion thead th { text-align: center; } .confusion th:first-child { text-align: right; }
.cell { --tone: var(--bad); width: 32px; height: 30px; padding: 0; border: 0; border-radius: 4px; text-align: center; background: color-mix(in srgb, var(--tone) var(--part), var(--paper)); } .cell.diagonal { --tone: var(--accent); } .cell.on { color: light-dark(#fff, #10181b); } .dense .cell { width: 8px; height: 8px; }
.curve { fill: none; stroke: var(--series); stroke-width: 1.8; stroke-linejoin: round; } .dot { fill: var(--ink); } .band { fill: var(--series); fill-opacity: .16; } .point { fill: var(--series); }
.series-0 { --series: light-dark(#c2410c, #f2905c); } .series-1 { --series: light-dark(#2b6cb0, #7ab2dd); }
.series-2 { --series: light-dark(#7b3fa0, #c79be0); stroke-dasharray: 7 3; } .series-3 { --series: light-dark(#b7791f, #e3b45c); stroke-dasharray: 3 2; }
.series-4 { --series: light-dark(#2f7d5b, #6cc39c); } .series-5 { --series: light-dark(#4a5568, #b8c2cc); stroke-dasharray: 8 2 2 2; }
.series-6 { --series: light-dark(#b83280, #f08bc0); } .series-7 { --series: light-dark(#0d6576, #6cc3d3); stroke-dasharray: 2 3; }
.legend { list-style: none; margin: 4px 0 0 34px; padding: 0; font-size: 12.5px; display: grid; grid-template-columns: 1fr; gap: 1px; }
.legend .key { width: 22px; height: 8px; margin-right: 7px; vertical-align: middle; }
.whisker { stroke: var(--soft); stroke-width: 1.4; } .box { fill: var(--accent); fill-opacity: .35; stroke: var(--accent); }
.median { stroke: var(--accent); stroke-width: 2; } .mini { width: 100px; } .mini .whisker { stroke-width: 2.4; }
.mark.accuracy { fill: var(--accent); } .whisker.accuracy { stroke: var(--accent); } .mark.flip { fill: var(--bad); } .whisker.flip { stroke: var(--bad); }
.mark.steady { fill: var(--good); } .whisker.steady { stroke: var(--good); }
.stack { width: 300px; } .consistentlyRight { fill: var(--good); } .consistentlyWrong { fill: var(--soft); fill-opacity: .55; } .rightToWrong { fill: var(--bad); } .wrongToRight { fill: var(--warn); }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin: 0 5px 0 14px; }
.swatch.consistentlyRight { background: var(--good); } .swatch.consistentlyWrong { background: var(--soft); opacity: .55; } .swatch.rightToWrong { background: var(--bad); } .swatch.wrongToRight { background: var(--warn); }
@media (max-width: 620px) { main { padding: 18px 14px 40px; } h1 { font-size: 22px; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 6px; } .card { padding: 10px 12px; } tbody th .variant { display: block; } }
@media print { :root { color-scheme: light; } main { max-width: none; padding: 0; } .card { border: 0; padding: 0; } figure, tr { break-inside: avoid; } }
`;
