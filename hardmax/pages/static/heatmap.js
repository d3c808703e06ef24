// Heat maps: distributions as shades, drawn on canvases in the page's colours.

// The numbers 0..1 of what hardmax/pages/heatmap.py packed.
function unpacked(packed) {
  const bytes = atob(packed.bytes);
  return Float32Array.from(bytes, (character) => character.charCodeAt(0) / 255);
}

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Draw rows times columns of shades, 0..1, as large as there is room: ink on the page, or accent.
// A value that is not a number is left blank; with ``over``, what was drawn before stays. The
// outlined column is where the run is now.
function drawHeat(canvas, rows, columns, shade, options = {}) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth || 300;
  const cell = Math.max(2, Math.min(options.cell || 18, Math.floor(width / columns)));
  const cellHeight = options.cellHeight || cell;
  const context = canvas.getContext("2d");
  if (!options.over) {
    canvas.width = Math.round(cell * columns * ratio);
    canvas.height = Math.round(cellHeight * rows * ratio);
    canvas.style.aspectRatio = `${cell * columns} / ${cellHeight * rows}`;
    canvas.style.maxWidth = `${cell * columns}px`;
    context.scale(ratio, ratio);
    context.fillStyle = color("--wash");
    context.fillRect(0, 0, cell * columns, cellHeight * rows);
  }
  context.fillStyle = color(options.accent ? "--accent" : "--ink");
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = shade(row, column);
      if (value > 0) {
        context.globalAlpha = Math.min(1, value);
        context.fillRect(column * cell, row * cellHeight, cell, cellHeight);
      }
    }
  }
  context.globalAlpha = 1;
  context.strokeStyle = color("--page");
  context.lineWidth = cell > 6 ? 1 : 0.25;
  for (let column = 1; column < columns; column++) {
    line(context, column * cell, 0, column * cell, cellHeight * rows);
  }
  for (let row = 1; row < rows; row++) {
    line(context, 0, row * cellHeight, cell * columns, row * cellHeight);
  }
  context.strokeStyle = color("--ink");
  context.lineWidth = 1.5;
  for (const row of options.groups || []) {
    line(context, 0, row * cellHeight, cell * columns, row * cellHeight);
  }
  if (options.now !== undefined && options.now < columns) {
    context.strokeStyle = color("--accent");
    context.lineWidth = 2;
    context.strokeRect(options.now * cell + 1, 1, cell - 2, cellHeight * rows - 2);
  }
}

function line(context, x, y, toX, toY) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(toX, toY);
  context.stroke();
}
