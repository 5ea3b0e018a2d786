/** Formats epoch milliseconds in ISO 8601's basic format, rounded down to the second: `20240807T120000Z`. */
export function basicTime(ms: number): string {
  const iso = new Date(ms).toISOString();
  // Sliced from the end, since a year can have more than four digits.
  const day = `${iso.slice(0, -20)}${iso.slice(-19, -17)}${iso.slice(-16, -14)}`;
  return `${day}T${iso.slice(-13, -11)}${iso.slice(-10, -8)}${iso.slice(-7, -5)}Z`;
}
