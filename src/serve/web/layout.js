// Where the boxes of a pipeline stand. Columns are stages: a box stands one to the right of the last one that it takes from, and
// all tables in the last. Rows are tables: each has one, and every other box stands in the middle of the tables that it feeds.
// An arrow that passes a stage by has a place of its own in that column, so that it never runs through a box.
//
//   plays ──▶ songs ──▶ listening_history        columns 0, 1, 2; rows 0 and 1, with `plays` and `songs` at 0.5
//               └─────▶ plays_by_song

export function layOut(plan) {
  const nodes = new Map(plan.nodes.map((node) => [node.id, { id: node.id, node, from: [], to: [], column: 0, row: 0 }]));
  for (const { from, to } of plan.edges) {
    if (!nodes.has(from) || !nodes.has(to) || from === to) continue;
    nodes.get(from).to.push(nodes.get(to));
    nodes.get(to).from.push(nodes.get(from));
  }
  const all = [...nodes.values()];
  placeInColumns(all);
  const columns = 1 + Math.max(0, ...all.map((place) => place.column));
  const tables = all.filter((place) => place.node.kind === 'table');
  const rowOf = new Map(tables.map((table, i) => [table, i]));
  for (const place of all) place.row = middle(fedBy(place), rowOf);

  // Each arrow, as the places that it leads through.
  const arrows = [];
  const through = [];
  for (const place of all) {
    for (const next of place.to) {
      const bends = [];
      for (let column = place.column + 1; column < next.column; ++column) {
        const bend = { column, row: next.row, bend: true };
        bends.push(bend);
        through.push(bend);
      }
      arrows.push({ from: place, to: next, bends });
    }
  }
  for (let column = 0; column < columns; ++column) spread([...all, ...through].filter((place) => place.column === column));
  const places = [...all, ...through];
  const top = Math.min(0, ...places.map((place) => place.row));
  for (const place of places) place.row -= top;
  return { places: all, arrows, columns, rows: 1 + Math.max(0, ...places.map((place) => place.row)) };
}

function placeInColumns(all) {
  for (let pass = 0; pass < all.length; ++pass) {
    for (const place of all) {
      const after = place.from.map((before) => before.column + 1);
      place.column = Math.min(all.length, Math.max(0, ...after));
    }
  }
  const last = Math.max(0, ...all.map((place) => place.column));
  for (const place of all) if (place.node.kind === 'table') place.column = last;
}

function fedBy(place, seen = new Set()) {
  if (seen.has(place)) return seen;
  seen.add(place);
  for (const next of place.to) fedBy(next, seen);
  return seen;
}

function middle(places, rowOf) {
  const rows = [...places].filter((place) => rowOf.has(place)).map((place) => rowOf.get(place));
  return rows.length > 0 ? (Math.min(...rows) + Math.max(...rows)) / 2 : 0;
}

// At least a row apart, in order, about where they were.
function spread(places) {
  places.sort((a, b) => a.row - b.row);
  const wanted = places.map((place) => place.row);
  places.forEach((place, i) => {
    if (i > 0) place.row = Math.max(place.row, places[i - 1].row + 1);
  });
  if (places.length === 0) return;
  const moved = places.reduce((sum, place, i) => sum + place.row - wanted[i], 0) / places.length;
  for (const place of places) place.row -= moved;
}

// Upright, each box below those that it takes from.
export function inOrder(layout) {
  return [...layout.places].sort((a, b) => a.column - b.column || a.row - b.row);
}
