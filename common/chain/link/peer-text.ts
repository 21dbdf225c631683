import { placesIn } from '../../endpoint-name.ts';
import { messageOf } from '../../errors.ts';
import { cleanText } from '../../fault.ts';

/**
 * What a node, or a library on the way to it, says of a failure, fit to be shown: one short line in
 * which addresses are cut down to their places. All such text comes in by this door; behind it
 * nobody has to think of keys in addresses again.
 */
export function peerText(error: unknown): string {
  return cleanText(placesIn(messageOf(error)));
}
