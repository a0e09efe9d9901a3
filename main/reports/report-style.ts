// The style sheet of the report: one A4 or Letter page, black on white, the same on screen and on paper.

import { cssColour, palette } from '../contract/palette.ts';

export const reportStyle = `
@page { size: A4; margin: 12mm; }
* { box-sizing: border-box; }
body { font: 9.5pt/1.35 system-ui, sans-serif; color: #1b1f24; background: #fff; max-width: 186mm; margin: 0 auto; padding: 4mm; }
h1 { font-size: 15pt; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 10.5pt; margin: 3mm 0 1mm; border-bottom: .3mm solid #c9d1d9; }
p { margin: .6mm 0; }
.answer { margin: 2mm 0; }
.top { font-size: 13pt; }
.pictures { display: flex; gap: 5mm; align-items: flex-start; }
figure { margin: 0; width: 56mm; }
figure img { width: 56mm; height: 56mm; object-fit: cover; display: block; }
figcaption { font-size: 8pt; color: #4b5563; }
.stack { position: relative; }
.stack svg { position: absolute; inset: 0; width: 100%; height: 100%; }
table { width: 100%; border-collapse: collapse; }
td { padding: .3mm 2mm .3mm 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { width: 80mm; height: 2.4mm; display: block; }
.track { fill: #e5e9ee; }
.malignant .fill { fill: ${cssColour(palette.malignant)}; }
.benign .fill { fill: ${cssColour(palette.benign)}; }
.orientations { list-style: none; display: flex; flex-wrap: wrap; gap: 3mm; margin: 1mm 0; padding: 0; }
.orientations li { width: 20mm; display: flex; flex-direction: column; font-size: 7.5pt; border: .4mm solid transparent; padding: .5mm; }
.orientations li.differs { border-color: ${cssColour(palette.malignant)}; }
.thumb { width: 18mm; height: 18mm; overflow: hidden; }
.thumb img { width: 100%; height: 100%; object-fit: cover; }
.turn-90 { transform: rotate(-90deg); }
.turn-180 { transform: rotate(180deg); }
.turn-270 { transform: rotate(-270deg); }
.mirror { transform: scaleX(-1); }
.turn-90.mirror { transform: rotate(-90deg) scaleX(-1); }
.turn-180.mirror { transform: rotate(180deg) scaleX(-1); }
.turn-270.mirror { transform: rotate(-270deg) scaleX(-1); }
.note { color: #4b5563; max-width: 60mm; }
footer { margin-top: 3mm; font-size: 7.5pt; color: #4b5563; border-top: .3mm solid #c9d1d9; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3mm 3mm; margin: 1mm 0; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
`;
