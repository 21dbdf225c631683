/**
 * Scheme, host and port: paths, queries and users of endpoints may hold keys. A number behind `#`
 * stays: it tells several of one host apart.
 */
export function placeOf(url: string): string {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}${/#\d+$/.exec(url)?.[0] ?? ''}`;
  } catch {
    return /^[\w-]+$/.test(url) ? url : 'unreadable';
  }
}

/** What each endpoint is called wherever people see it; numbered where the host is the same. */
export function placesOf(urls: readonly string[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  const named = [...new Set(urls)].map((url) => {
    const place = placeOf(url);
    const count = (counts.get(place) ?? 0) + 1;
    counts.set(place, count);
    return [url, count === 1 ? place : `${place}#${count}`] as const;
  });
  return new Map(named);
}

const address = /\b(?:wss?|https?):\/\/\S+?(?=[:;,.)]*(?:\s|$))/g;

/** A text in which every address is cut down to its place: errors name endpoints as configured. */
export function placesIn(text: string): string {
  return text.replaceAll(address, placeOf);
}
